// `ozone quarantine drop`.
import { Args, Flags } from "@oclif/core";
import { ConnectedCommand } from "../../base-command.ts";
import { messageId } from "./message-argument.ts";

export default class QuarantineDrop extends ConnectedCommand {
  static override summary = "Delete messages in quarantine for good, after asking.";
  static override examples = [
    "<%= config.bin %> quarantine drop 17",
    "<%= config.bin %> quarantine drop --machine lab-1 --yes",
    "<%= config.bin %> quarantine drop --older-than 30d",
  ];
  static override args = {
    message: Args.string({ description: "Number of one message, as `ozone quarantine list` shows it." }),
  };
  static override flags = {
    machine: Flags.string({ summary: "All of this machine, by name or id.", default: "" }),
    "older-than": Flags.string({ summary: "All that came longer ago than this.", helpValue: "30d" }),
    yes: Flags.boolean({ summary: "Don't ask.", char: "y" }),
  };

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(QuarantineDrop);
    const { DropQuarantinedResponseSchema, QuarantineService } = await import(
      "@ozone/proto/quarantine_service"
    );
    const { messageJson } = await import("../../message-json.ts");
    const { olderThanMs } = await import("../../quarantine/older-than.ts");
    const { droppedText } = await import("../../render/text-quarantine.ts");
    const { senderId } = await import("../../machines/sender-id.ts");
    const ids = args.message === undefined ? [] : [messageId(args.message)];
    const ageMs = olderThanMs(flags["older-than"]);
    return this.withCoordinator(flags.address, async (client) => {
      const machineId = await senderId(client, flags.machine);
      const choice = { ids, machineId, olderThanMs: ageMs };
      const method = QuarantineService.method.dropQuarantined;
      const { messages } = await client.call(method, { ...choice, countOnly: true });
      if (messages > 0) await this.requireConsent(flags.yes, messages);
      const response = await client.call(method, choice);
      this.print(droppedText(response.messages));
      return messageJson(DropQuarantinedResponseSchema, response);
    });
  }

  private async requireConsent(given: boolean, messages: number): Promise<void> {
    if (given) return;
    const { OzoneError } = await import("@ozone/shared/errors");
    const { personAgrees } = await import("../../applying/ask-person.ts");
    const what = messages === 1 ? "Delete this message" : `Delete these ${messages} messages`;
    if (await personAgrees(`${what} for good?`)) return;
    throw new OzoneError("cancelled", "Nothing was dropped.");
  }
}
