// `ozone sweep list`.
import { Flags } from "@oclif/core";
import { ConnectedCommand } from "../../base-command.ts";

export default class SweepList extends ConnectedCommand {
  static override summary = "List sweeps, newest first.";
  static override examples = ["<%= config.bin %> sweep list --limit 5"];
  static override flags = {
    limit: Flags.integer({ summary: "At most so many.", default: 20, min: 1, max: 1000 }),
  };

  async run(): Promise<unknown> {
    const { flags } = await this.parse(SweepList);
    const { ListSweepsResponseSchema, SweepService } = await import("@ozone/proto/sweep_service");
    const { messageJson } = await import("../../message-json.ts");
    const { sweepsText } = await import("../../render/text-sweeps.ts");
    return this.withCoordinator(flags.address, async (client) => {
      const response = await client.call(SweepService.method.listSweeps, { limit: flags.limit });
      this.print(sweepsText(response.sweeps));
      return messageJson(ListSweepsResponseSchema, response);
    });
  }
}
