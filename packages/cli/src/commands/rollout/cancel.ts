// `ozone rollout cancel ID`.
import { Flags } from "@oclif/core";
import { ConnectedCommand } from "../../base-command.ts";
import { ROLLOUT_ARGUMENT } from "./rollout-argument.ts";

export default class RolloutCancel extends ConnectedCommand {
  static override summary =
    "Stop a roll-out and take the preset back where it put it. Cancelling twice is no error.";
  static override description =
    "Machines that are applying undo what they began. `ozone rollout watch` follows that to its end. A roll-out that has ended stays as it is; `ozone rollout undo` takes its preset back.";
  static override examples = [
    "<%= config.bin %> rollout cancel r-0123456789",
    "<%= config.bin %> rollout cancel r-0123456789 --keep-kept",
  ];
  static override args = ROLLOUT_ARGUMENT;
  static override flags = {
    "keep-kept": Flags.boolean({
      summary: "Leave the preset on machines that confirmed it.",
      default: false,
    }),
  };

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(RolloutCancel);
    const { CancelRolloutResponseSchema, RolloutService } = await import("@ozone/proto/rollout_service");
    const { messageJson } = await import("../../message-json.ts");
    const { rolloutText } = await import("../../render/text-rollouts.ts");
    const request = { rolloutId: args.rollout, keepKept: flags["keep-kept"] };
    return this.withCoordinator(flags.address, async (client) => {
      const response = await client.call(RolloutService.method.cancelRollout, request);
      if (response.rollout) this.print(rolloutText(response.rollout));
      return messageJson(CancelRolloutResponseSchema, response);
    });
  }
}
