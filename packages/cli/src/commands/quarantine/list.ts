// `ozone quarantine list`.
import { Flags } from "@oclif/core";
import { ConnectedCommand } from "../../base-command.ts";

const LIST_MAX = 5_000;

export default class QuarantineList extends ConnectedCommand {
  static override summary = "List the messages that could not be counted, newest first.";
  static override examples = [
    "<%= config.bin %> quarantine list",
    "<%= config.bin %> quarantine list --machine lab-1",
  ];
  static override flags = {
    machine: Flags.string({ summary: "Only those of this machine, by name or id.", default: "" }),
    last: Flags.integer({ summary: "How many.", default: 100, min: 1, max: LIST_MAX }),
  };

  async run(): Promise<unknown> {
    const { flags } = await this.parse(QuarantineList);
    const { ListQuarantineResponseSchema, QuarantineService } = await import(
      "@ozone/proto/quarantine_service"
    );
    const { messageJson } = await import("../../message-json.ts");
    const { quarantineText } = await import("../../render/text-quarantine.ts");
    const { senderId } = await import("../../machines/sender-id.ts");
    return this.withCoordinator(flags.address, async (client) => {
      const machineId = await senderId(client, flags.machine);
      const request = { machineId, limit: flags.last };
      const response = await client.call(QuarantineService.method.listQuarantine, request);
      this.print(quarantineText(response.messages, response.total));
      return messageJson(ListQuarantineResponseSchema, response);
    });
  }
}
