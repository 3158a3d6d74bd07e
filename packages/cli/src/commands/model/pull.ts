// `ozone model pull MODEL MACHINE...`.
import { Args, Flags } from "@oclif/core";
import { OzoneError } from "@ozone/shared/errors";
import { ConnectedCommand } from "../../base-command.ts";
import { findSeveral, SEVERAL_FLAGS, selectionOf } from "../machine/several-argument.ts";

export default class ModelPull extends ConnectedCommand {
  static override summary = "Have machines pull a model, where their owners let Ozone do so.";
  static override description =
    "Owners consent with OZONE_AGENT_PULL_DISK=40GB: room for what Ozone pulled, of which the model that was used longest ago goes first; no other model is ever removed. Ctrl-C ends the waiting, not the pull.";
  static override examples = [
    "<%= config.bin %> model pull qwen3:8b lab-1",
    "<%= config.bin %> model pull qwen3:8b --tag lab-a",
  ];
  static override args = {
    model: Args.string({
      description: "The model, as `ollama pull` takes it; machines follow.",
      required: true,
    }),
  };
  static override flags = {
    ...SEVERAL_FLAGS,
    wait: Flags.boolean({ summary: "Wait until it is there.", default: true, allowNo: true }),
  };
  static override strict = false;

  async run(): Promise<unknown> {
    const { argv, flags } = await this.parse(ModelPull);
    const [model = "", ...named] = argv.map(String);
    const { askForPulls, waitForPulls } = await import("../../machines/pull-models.ts");
    const { interruptible } = await import("../../interruption.ts");
    const { pullLine } = await import("../../render/text-pulls.ts");
    const { messageJson } = await import("../../message-json.ts");
    const { PullSchema } = await import("@ozone/proto/pull");
    const selection = selectionOf(named, flags);
    const say = (line: string) => this.print(line);
    return this.withCoordinator(flags.address, async (client) => {
      const machines = await findSeveral(client, selection);
      const asked = await askForPulls(
        client,
        machines.map(({ id }) => ({ machineId: id, model })),
      );
      const ids = asked.map(({ id }) => id);
      const pulls = flags.wait
        ? await interruptible((signal) => waitForPulls(client, ids, { say, signal }))
        : asked;
      if (!flags.wait) for (const pull of pulls) say(pullLine(pull));
      const failed = pulls.filter(({ state }) => state === "failed" || state === "cancelled");
      if (failed.length > 0)
        throw new OzoneError("internal", failed.map((pull) => `${pullLine(pull)}`).join("; "));
      return { pulls: pulls.map((pull) => messageJson(PullSchema, pull)) };
    });
  }
}
