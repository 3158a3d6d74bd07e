// `ozone rollout watch ID`.
import { ConnectedCommand } from "../../base-command.ts";
import { ROLLOUT_ARGUMENT } from "./rollout-argument.ts";

export default class RolloutWatch extends ConnectedCommand {
  static override summary =
    "Follow a roll-out to its end, with its report and exit code. Ctrl-C stops the following, not the roll-out.";
  static override examples = ["<%= config.bin %> rollout watch r-0123456789"];
  static override args = ROLLOUT_ARGUMENT;

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(RolloutWatch);
    const { followRollout } = await import("../../rollouts/follow-rollout.ts");
    const { text, document, exitCode } = await followRollout({
      address: flags.address,
      rolloutId: args.rollout,
      say: (line) => this.progress(line),
    });
    this.print(text);
    process.exitCode = exitCode;
    return document;
  }
}
