// `ozone machine list`.
import { Flags } from "@oclif/core";
import { ConnectedCommand } from "../../base-command.ts";
import type { CoordinatorClient } from "../../coordinator-client.ts";
import { isUnknownCall } from "../../grpc-errors.ts";

export default class MachineList extends ConnectedCommand {
  static override summary = "List the machines with their hardware class, engine and models.";
  static override examples = [
    "<%= config.bin %> machine list",
    '<%= config.bin %> machine list --where "gpu>=1 and ram>=30GB and not tag:desk"',
  ];
  static override flags = {
    where: Flags.string({ summary: "Only machines that surely match; unknown does not match." }),
  };

  async run(): Promise<unknown> {
    const { flags } = await this.parse(MachineList);
    const { ListMachinesResponseSchema, MachineService } = await import("@ozone/proto/machine_service");
    const { messageJson } = await import("../../message-json.ts");
    const { machinesText } = await import("../../render/text-machines.ts");
    const { machinesWhere } = await import("@ozone/shared/narrow-machines");
    return this.withCoordinator(flags.address, async (client) => {
      const response = await client.call(MachineService.method.listMachines, {});
      const all = response.machines;
      response.machines = flags.where === undefined ? all : machinesWhere(all, flags.where);
      const none = all.length > 0 && response.machines.length === 0;
      const text = none
        ? `None of ${all.length} machines surely matches.\n`
        : machinesText(response.machines);
      this.print(text + (await waiting(client)));
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
