// `ozone quarantine retry MESSAGE`.
import { ConnectedCommand } from "../../base-command.ts";
import { MESSAGE_ARGUMENT, messageId } from "./message-argument.ts";

export default class QuarantineRetry extends ConnectedCommand {
  static override summary = "Try to count a message again, with the same checks; it counts once at most.";
  static override description =
    "For messages that a newer coordinator can read, or of a machine that was approved again. Exit codes: 0 it counts, 1 it does not (or anything else went wrong), 2 usage.";
  static override examples = ["<%= config.bin %> quarantine retry 17"];
  static override args = MESSAGE_ARGUMENT;

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(QuarantineRetry);
    const { QuarantineService, RetryQuarantinedResponseSchema } = await import(
      "@ozone/proto/quarantine_service"
    );
    const { messageJson } = await import("../../message-json.ts");
    const { retriedText } = await import("../../render/text-quarantine.ts");
    const id = messageId(args.message);
    return this.withCoordinator(flags.address, async (client) => {
      const response = await client.call(QuarantineService.method.retryQuarantined, { id });
      this.print(retriedText(id, response));
      if (!response.released) process.exitCode = 1;
      return messageJson(RetryQuarantinedResponseSchema, response);
    });
  }
}
