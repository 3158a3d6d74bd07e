// `ozone preset apply MODEL-OR-ID`.
import { Args, Flags } from "@oclif/core";
import { ConnectedCommand } from "../../base-command.ts";
import { PRESET_FILTER } from "./preset-filter.ts";

export default class PresetApply extends ConnectedCommand {
  static override summary =
    "Make a preset a model of this machine's Ollama, measure it, and keep it only if its promise holds.";
  static override description =
    "Creates a derived model (num_ctx, num_batch, num_thread, num_gpu), measures the default configuration and the derived model in turns on fresh launches, and keeps the model only if the promised gain is there. Exit codes: 0 kept, 3 rolled back because the gain was not there, 1 failure, 2 usage. `ozone preset rollback` takes it back.";
  static override examples = [
    "<%= config.bin %> preset apply qwen3:8b --purpose balanced",
    "<%= config.bin %> preset apply 3fa9c2d1 --as fast --yes",
  ];
  static override args = {
    preset: Args.string({
      description: "Model, or id of a preset as `ozone preset list` shows it.",
      required: true,
    }),
  };
  static override flags = {
    ...PRESET_FILTER,
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
      summary: "Measure on battery too, where the machine may be slower.",
      default: false,
    }),
    yes: Flags.boolean({ summary: "Don't ask.", char: "y" }),
  };

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(PresetApply);
    const { PresetSchema } = await import("@ozone/proto/preset");
    const { PresetService } = await import("@ozone/proto/preset_service");
    const { derivedModelName } = await import("@ozone/shared/derived-model");
    const { chooseOne } = await import("../../applying/choose-preset.ts");
    const { engineUrlHere, runAgent } = await import("../../applying/run-agent.ts");
    const { interruptible } = await import("../../interruption.ts");
    const { localDataFolder } = await import("../../local/folder.ts");
    const { messageJson } = await import("../../message-json.ts");
    const { appliedText, planText } = await import("../../render/text-applying.ts");
    const filter = { hardwareClass: flags.class, purpose: flags.purpose };
    const preset = await this.withCoordinator(flags.address, async (client) => {
      const { presets } = await client.call(PresetService.method.listPresets, filter);
      return chooseOne(presets, args.preset);
    });
    const folder = localDataFolder();
    const { as, replace } = flags;
    const name = as === "" ? derivedModelName(preset.modelName, preset.purpose) : as;
    this.progress(planText({ preset, name, engineUrl: engineUrlHere(folder), replace }).trimEnd());
    await this.requireConsent(flags.yes);
    const input = {
      ...{ preset: messageJson(PresetSchema, preset), as: name, replace },
      ...{ despiteChanges: flags["despite-changes"], allowBattery: flags["allow-battery"] },
    };
    const { exitCode, document } = await interruptible((signal) =>
      runAgent({ words: ["apply"], input, folder, signal, progress: (line) => this.progress(line) }),
    );
    this.print(appliedText(document));
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
