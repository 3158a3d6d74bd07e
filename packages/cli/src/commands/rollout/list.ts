// `ozone rollout list`.
import { Flags } from "@oclif/core";
import { ConnectedCommand } from "../../base-command.ts";

export default class RolloutList extends ConnectedCommand {
  static override summary = "List roll-outs of presets, newest first.";
  static override examples = ["<%= config.bin %> rollout list --limit 5"];
  static override flags = {
    limit: Flags.integer({ summary: "At most so many.", default: 20, min: 1, max: 1000 }),
  };

  async run(): Promise<unknown> {
    const { flags } = await this.parse(RolloutList);
    const { ListRolloutsResponseSchema, RolloutService } = await import("@ozone/proto/rollout_service");
    const { messageJson } = await import("../../message-json.ts");
    const { rolloutsText } = await import("../../render/text-rollouts.ts");
    return this.withCoordinator(flags.address, async (client) => {
      const response = await client.call(RolloutService.method.listRollouts, { limit: flags.limit });
      this.print(rolloutsText(response.rollouts));
      return messageJson(ListRolloutsResponseSchema, response);
    });
  }
}
