// `ozone rollout undo ID`.
import { Flags } from "@oclif/core";
import { ConnectedCommand } from "../../base-command.ts";
import { ROLLOUT_ARGUMENT } from "./rollout-argument.ts";

export default class RolloutUndo extends ConnectedCommand {
  static override summary =
    "Take the preset of a roll-out that has ended back on every machine that kept it, and follow that to its end.";
  static override description =
    "Each machine makes the model's name what it was before, if what was kept still stands under it; somebody's later model is left alone. A machine that is away is told when it is back. Undoing twice is no error. Ctrl-C stops the following, not the undoing. Exit codes: 0 taken back wherever it was kept, 1 some machine is still to be told or left it as it is, 2 usage.";
  static override examples = [
    "<%= config.bin %> rollout undo r-0123456789",
    "<%= config.bin %> rollout undo r-0123456789 --detach",
  ];
  static override args = ROLLOUT_ARGUMENT;
  static override flags = {
    detach: Flags.boolean({ summary: "Start it and return at once.", default: false }),
  };

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(RolloutUndo);
    const { RolloutService, UndoRolloutResponseSchema } = await import("@ozone/proto/rollout_service");
    const { followRollout } = await import("../../rollouts/follow-rollout.ts");
    const { messageJson } = await import("../../message-json.ts");
    const { rollout: rolloutId } = args;
    const response = await this.withCoordinator(flags.address, (client) =>
      client.call(RolloutService.method.undoRollout, { rolloutId }),
    );
    if (flags.detach) {
      this.print(`Undoing ${rolloutId}; \`ozone rollout watch ${rolloutId}\` follows it.`);
      return messageJson(UndoRolloutResponseSchema, response);
    }
    const say = (line: string) => this.progress(line);
    const { text, document, exitCode } = await followRollout({
      ...{ address: flags.address, rolloutId, say },
      undoing: true,
    });
    this.print(text);
    process.exitCode = exitCode;
    return document;
  }
}
