// `ozone preset rollout MODEL-OR-ID`.
import { Args, Flags } from "@oclif/core";
import { ConnectedCommand } from "../../base-command.ts";
import { PRESET_FILTER } from "./preset-filter.ts";

export default class PresetRollout extends ConnectedCommand {
  static override summary =
    "Apply a preset on every machine of its hardware class through their agents, a canary first.";
  static override description =
    "Each machine measures the preset itself and keeps it only if its promise holds there. The canary has to keep it before any other machine is sent to. Where the promised gain is absent, nothing more is sent and the preset is taken back everywhere (--keep-kept: not where it was confirmed). Ctrl-C stops the following, not the roll-out. Exit codes: 0 all machines kept it, 3 taken back because a gain was not there, 1 anything else, 2 usage.";
  static override examples = [
    "<%= config.bin %> preset rollout qwen3:8b --purpose balanced --dry-run",
    "<%= config.bin %> preset rollout 3fa9c2d1 --canary lab-3 --parallel 4 --yes",
    "<%= config.bin %> preset rollout 3fa9c2d1 --machine lab-1 --machine lab-2",
    "<%= config.bin %> preset rollout 3fa9c2d1 --tag lab-a",
  ];
  static override args = {
    preset: Args.string({
      description: "Model, or id of a preset as `ozone preset list` shows it.",
      required: true,
    }),
  };
  static override flags = {
    ...PRESET_FILTER,
    machine: Flags.string({
      summary: "Only this machine, by name or id; may be given several times (default: the whole class).",
      multiple: true,
      default: [],
    }),
    tag: Flags.string({
      summary:
        "The machines with this tag in place of the whole class; given several times, those that carry all of the tags.",
      multiple: true,
      default: [],
    }),
    canary: Flags.string({
      summary: "The machine that goes first (default: the first that is there, by name).",
      default: "",
    }),
    parallel: Flags.integer({
      summary: "Machines at once after the canary.",
      default: 1,
      min: 1,
      max: 64,
    }),
    "keep-kept": Flags.boolean({
      summary: "After a regression leave the preset on machines that confirmed it.",
      default: false,
    }),
    as: Flags.string({ summary: "Name of the new model (default: MODEL-ozone-PURPOSE).", default: "" }),
    replace: Flags.boolean({
      summary: "Set a model that has this name aside until it is rolled back.",
      default: false,
    }),
    "despite-changes": Flags.boolean({
      summary: "Also with another version of the engine or a stale preset: the measurement decides.",
      default: false,
    }),
    "allow-battery": Flags.boolean({
      summary: "Measure on battery too, where a machine may be slower.",
      default: false,
    }),
    "quiet-wait": Flags.string({
      summary: "How long a machine waits for a quiet moment before it measures (default: 60s).",
      helpValue: "60s",
    }),
    "dry-run": Flags.boolean({ summary: "Show the plan and do nothing.", default: false }),
    detach: Flags.boolean({ summary: "Start it and return at once.", default: false }),
    yes: Flags.boolean({ summary: "Don't ask.", char: "y" }),
  };

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(PresetRollout);
    const { RolloutSchema } = await import("@ozone/proto/rollout");
    const { RolloutService } = await import("@ozone/proto/rollout_service");
    const { followRollout } = await import("../../rollouts/follow-rollout.ts");
    const { messageJson } = await import("../../message-json.ts");
    const { rolloutPlanText } = await import("../../render/text-rollouts.ts");
    const { quietWait } = await import("../../rollouts/quiet-wait.ts");
    const request = await this.withCoordinator(flags.address, async (client) => {
      const { PresetService } = await import("@ozone/proto/preset_service");
      const { chooseOne } = await import("../../applying/choose-preset.ts");
      const filter = { hardwareClass: flags.class, purpose: flags.purpose };
      const { presets } = await client.call(PresetService.method.listPresets, filter);
      const { machine: machines, tag: tags, canary, parallel, as, replace } = flags;
      return {
        preset: chooseOne(presets, args.preset),
        ...{ machines, tags, canary, parallel, as, replace },
        keepKept: flags["keep-kept"],
        despiteChanges: flags["despite-changes"],
        allowBattery: flags["allow-battery"],
        ...quietWait(flags["quiet-wait"]),
      };
    });
    const plan = await this.withCoordinator(flags.address, async (client) => {
      const { rollout } = await client.call(RolloutService.method.planRollout, { request });
      if (rollout === undefined) throw new Error("The coordinator planned nothing and did not say why.");
      return rollout;
    });
    if (flags["dry-run"]) {
      this.print(rolloutPlanText(plan));
      return { rollout: messageJson(RolloutSchema, plan) };
    }
    this.progress(rolloutPlanText(plan).trimEnd());
    await this.requireConsent(flags.yes);
    const started = await this.withCoordinator(flags.address, async (client) => {
      const { rollout } = await client.call(RolloutService.method.startRollout, { request });
      if (rollout === undefined) throw new Error("The coordinator started nothing and did not say why.");
      return rollout;
    });
    if (flags.detach) {
      this.print(`Started ${started.id}; \`ozone rollout watch ${started.id}\` follows it.`);
      return { rollout: messageJson(RolloutSchema, started) };
    }
    this.progress(`roll-out ${started.id} started`);
    const say = (line: string) => this.progress(line);
    const { address } = flags;
    const { text, document, exitCode } = await followRollout({ address, rolloutId: started.id, say });
    this.print(text);
    process.exitCode = exitCode;
    return document;
  }

  private async requireConsent(given: boolean): Promise<void> {
    if (given) return;
    const { OzoneError } = await import("@ozone/shared/errors");
    const { personAgrees } = await import("../../applying/ask-person.ts");
    if (await personAgrees("Do this?")) return;
    throw new OzoneError("cancelled", "Nothing was done.");
  }
}
