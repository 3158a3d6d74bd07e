// `ozone machine approve MACHINE`.
import { ConnectedCommand } from "../../base-command.ts";
import { findIdentity, MACHINE_ARGUMENT } from "./machine-argument.ts";

export default class MachineApprove extends ConnectedCommand {
  static override summary = "Let a machine into the fleet that has enrolled, or was revoked.";
  static override description =
    "Compare the key that is shown with the one that `ozone-agent enroll` shows on the machine.";
  static override examples = ["<%= config.bin %> machine approve lab-1"];
  static override args = MACHINE_ARGUMENT;

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(MachineApprove);
    const { ApproveMachineResponseSchema, IdentityService } = await import("@ozone/proto/identity_service");
    const { messageJson } = await import("../../message-json.ts");
    const { identityText } = await import("../../render/text-identities.ts");
    return this.withCoordinator(flags.address, async (client) => {
      const { id } = await findIdentity(client, args.machine);
      const response = await client.call(IdentityService.method.approveMachine, { machineId: id });
      if (response.identity) this.print(identityText(response.identity));
      return messageJson(ApproveMachineResponseSchema, response);
    });
  }
}
