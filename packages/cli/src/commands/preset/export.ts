// `ozone preset export`.
import { Flags } from "@oclif/core";
import { ConnectedCommand } from "../../base-command.ts";
import { PRESET_FILTER } from "./preset-filter.ts";

export default class PresetExport extends ConnectedCommand {
  static override summary =
    "Write presets with Ollama's option names and their evidence to stdout, as YAML or JSON.";
  static override examples = ["<%= config.bin %> preset export --model qwen3:8b > qwen3.yaml"];
  static override flags = {
    model: Flags.string({ summary: "Only this model.", default: "" }),
    ...PRESET_FILTER,
    format: Flags.option({
      summary: "Form of the output.",
      options: ["yaml", "json"] as const,
      default: "yaml",
    })(),
  };

  async run(): Promise<unknown> {
    const { flags } = await this.parse(PresetExport);
    const { OzoneError } = await import("@ozone/shared/errors");
    const { PresetService } = await import("@ozone/proto/preset_service");
    const { presetDocuments } = await import("../../presets/preset-documents.ts");
    const { presetYaml } = await import("../../render/preset-yaml.ts");
    const filter = { model: flags.model, hardwareClass: flags.class, purpose: flags.purpose };
    return this.withCoordinator(flags.address, async (client) => {
      const { presets } = await client.call(PresetService.method.listPresets, filter);
      if (presets.length === 0) {
        throw new OzoneError(
          "not_found",
          "There is no such preset; `ozone preset list` shows what there is.",
        );
      }
      const models = presetDocuments(presets);
      const json = `${JSON.stringify({ models }, null, 2)}\n`;
      this.print(flags.format === "json" ? json : models.map(presetYaml).join("---\n"));
      return { models };
    });
  }
}
