// `ozone machine list`.
import { ConnectedCommand } from "../../base-command.ts";
import type { CoordinatorClient } from "../../coordinator-client.ts";
import { isUnknownCall } from "../../grpc-errors.ts";

export default class MachineList extends ConnectedCommand {
  static override summary = "List the machines with their hardware class, engine and models.";
  static override examples = ["<%= config.bin %> machine list"];

  async run(): Promise<unknown> {
    const { flags } = await this.parse(MachineList);
    const { ListMachinesResponseSchema, MachineService } = await import("@ozone/proto/machine_service");
    const { messageJson } = await import("../../message-json.ts");
    const { machinesText } = await import("../../render/text-machines.ts");
    return this.withCoordinator(flags.address, async (client) => {
      const response = await client.call(MachineService.method.listMachines, {});
      this.print(machinesText(response.machines) + (await waiting(client)));
      return messageJson(ListMachinesResponseSchema, response);
    });
  }
}

/** Machines that nobody has let in yet; a coordinator of an older version knows of none. */
async function waiting(client: CoordinatorClient): Promise<string> {
  const { IdentityService } = await import("@ozone/proto/identity_service");
  const { waitingText } = await import("../../render/text-identities.ts");
  const known = await client.call(IdentityService.method.listIdentities, {}).catch((thrown: unknown) => {
    if (isUnknownCall(thrown)) return null;
    throw thrown;
  });
  return waitingText(known?.identities ?? []);
}
