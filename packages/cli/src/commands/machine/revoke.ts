// `ozone machine revoke MACHINE`.
import { ConnectedCommand } from "../../base-command.ts";
import { findIdentity, MACHINE_ARGUMENT } from "./machine-argument.ts";

export default class MachineRevoke extends ConnectedCommand {
  static override summary =
    "Bar a machine: its connection is cut, its trials go back, nothing that it sends counts.";
  static override description = "`ozone machine approve` lets it in again.";
  static override examples = ["<%= config.bin %> machine revoke lab-1"];
  static override args = MACHINE_ARGUMENT;

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(MachineRevoke);
    const { IdentityService, RevokeMachineResponseSchema } = await import("@ozone/proto/identity_service");
    const { messageJson } = await import("../../message-json.ts");
    const { barredText } = await import("../../render/text-identities.ts");
    return this.withCoordinator(flags.address, async (client) => {
      const { id, enforced } = await findIdentity(client, args.machine);
      const response = await client.call(IdentityService.method.revokeMachine, { machineId: id });
      if (response.identity) this.print(barredText(response.identity, response.cut, enforced));
      return messageJson(RevokeMachineResponseSchema, response);
    });
  }
}
