// `ozone quarantine show MESSAGE`.
import { ConnectedCommand } from "../../base-command.ts";
import { MESSAGE_ARGUMENT, messageId } from "./message-argument.ts";

export default class QuarantineShow extends ConnectedCommand {
  static override summary = "Show why a message could not be counted, and what can be read of it.";
  static override description =
    "What can be read is the sender's word: nothing of it was believed. With --json all of it is shown.";
  static override examples = ["<%= config.bin %> quarantine show 17"];
  static override args = MESSAGE_ARGUMENT;

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(QuarantineShow);
    const { QuarantineService, ShowQuarantinedResponseSchema } = await import(
      "@ozone/proto/quarantine_service"
    );
    const { messageJson } = await import("../../message-json.ts");
    const { quarantinedText } = await import("../../render/text-quarantine.ts");
    const id = messageId(args.message);
    return this.withCoordinator(flags.address, async (client) => {
      const response = await client.call(QuarantineService.method.showQuarantined, { id });
      this.print(quarantinedText(response));
      return messageJson(ShowQuarantinedResponseSchema, response);
    });
  }
}
