// `ozone machine remove MACHINE`.
import { ConnectedCommand } from "../../base-command.ts";
import { findIdentity, MACHINE_ARGUMENT } from "./machine-argument.ts";

export default class MachineRemove extends ConnectedCommand {
  static override summary =
    "Take a machine out of the fleet: barred, off the lists, its part of every sweep ended.";
  static override description =
    "What it had measured stays. It comes back only with `ozone enroll token create --machine ID`.";
  static override examples = ["<%= config.bin %> machine remove lab-1"];
  static override args = MACHINE_ARGUMENT;

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(MachineRemove);
    const { IdentityService, RemoveMachineResponseSchema } = await import("@ozone/proto/identity_service");
    const { messageJson } = await import("../../message-json.ts");
    const { barredText } = await import("../../render/text-identities.ts");
    return this.withCoordinator(flags.address, async (client) => {
      const { id, enforced } = await findIdentity(client, args.machine);
      const response = await client.call(IdentityService.method.removeMachine, { machineId: id });
      if (response.identity) this.print(barredText(response.identity, response.cut, enforced));
      return messageJson(RemoveMachineResponseSchema, response);
    });
  }
}
