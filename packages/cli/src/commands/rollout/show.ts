// `ozone rollout show ID`.
import { ConnectedCommand } from "../../base-command.ts";
import { ROLLOUT_ARGUMENT } from "./rollout-argument.ts";

export default class RolloutShow extends ConnectedCommand {
  static override summary = "Show one roll-out: what changed where, what was measured there, and why.";
  static override examples = ["<%= config.bin %> rollout show r-0123456789"];
  static override args = ROLLOUT_ARGUMENT;

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(RolloutShow);
    const { GetRolloutResponseSchema, RolloutService } = await import("@ozone/proto/rollout_service");
    const { messageJson } = await import("../../message-json.ts");
    const { rolloutText } = await import("../../render/text-rollouts.ts");
    return this.withCoordinator(flags.address, async (client) => {
      const response = await client.call(RolloutService.method.getRollout, { rolloutId: args.rollout });
      if (response.rollout) this.print(rolloutText(response.rollout));
      return messageJson(GetRolloutResponseSchema, response);
    });
  }
}
