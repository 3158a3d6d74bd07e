// `ozone preset export [PRESET]`.
import { Args, Flags } from "@oclif/core";
import type { Preset } from "@ozone/proto/preset";
import { ConnectedCommand } from "../../base-command.ts";
import { PRESET_FILTER } from "./preset-filter.ts";

export default class PresetExport extends ConnectedCommand {
  static override summary =
    "Write presets to stdout: all that match as YAML or JSON with their evidence, or one of them in a form to paste.";
  static override description =
    "modelfile, curl and client set what a request can set; systemd, launchd and setx set the server's environment (KV cache, flash attention, parallel requests). Each says how to use it and how to undo it. curl and client ask the server that OLLAMA_HOST names.";
  static override examples = [
    "<%= config.bin %> preset export --model qwen3:8b > qwen3.yaml",
    "<%= config.bin %> preset export qwen3:8b --purpose balanced --format modelfile > Modelfile",
  ];
  static override args = {
    preset: Args.string({ description: "Model, or id of a preset as `ozone preset list` shows it." }),
  };
  static override flags = {
    model: Flags.string({ summary: "Only this model.", default: "" }),
    ...PRESET_FILTER,
    format: Flags.option({
      summary: "Form of the output.",
      options: ["yaml", "json", "modelfile", "systemd", "launchd", "setx", "curl", "client"] as const,
      default: "yaml",
    })(),
  };

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(PresetExport);
    const { OzoneError } = await import("@ozone/shared/errors");
    const { PresetService } = await import("@ozone/proto/preset_service");
    const { selectPresets } = await import("../../presets/select-presets.ts");
    const filter = { model: flags.model, hardwareClass: flags.class, purpose: flags.purpose };
    return this.withCoordinator(flags.address, async (client) => {
      const { presets: all } = await client.call(PresetService.method.listPresets, filter);
      if (all.length === 0) {
        throw new OzoneError(
          "not_found",
          "There is no such preset; `ozone preset list` shows what there is.",
        );
      }
      const presets = args.preset === undefined ? all : selectPresets(all, args.preset);
      return flags.format === "yaml" || flags.format === "json"
        ? this.#documents(presets, flags.format)
        : this.#oneForm(presets, flags.format);
    });
  }

  async #documents(presets: readonly Preset[], format: "yaml" | "json"): Promise<unknown> {
    const { presetDocuments } = await import("../../presets/preset-documents.ts");
    const { presetYaml } = await import("../../render/preset-yaml.ts");
    const models = presetDocuments(presets);
    const json = `${JSON.stringify({ models }, null, 2)}\n`;
    this.print(format === "json" ? json : models.map(presetYaml).join("---\n"));
    return { models };
  }

  async #oneForm(presets: readonly Preset[], format: string): Promise<unknown> {
    const { onlyPreset } = await import("../../presets/select-presets.ts");
    const { presetId } = await import("../../presets/preset-id.ts");
    const { ollamaUrl } = await import("../../local/ollama-address.ts");
    const { PRESET_EXPORTS } = await import("../../render/exports/preset-exports.ts");
    const preset = onlyPreset(presets, format);
    const text = PRESET_EXPORTS[format]?.(preset, ollamaUrl(process.env.OLLAMA_HOST ?? "")) ?? "";
    this.print(text);
    return { format, preset: presetId(preset), text };
  }
}
