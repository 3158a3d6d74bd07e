// `ozone preset show MODEL-OR-ID`.
import { Args } from "@oclif/core";
import { ConnectedCommand } from "../../base-command.ts";
import { PRESET_FILTER } from "./preset-filter.ts";

export default class PresetShow extends ConnectedCommand {
  static override summary =
    "Show presets in full: what to set, what it gains, how sure that is, what could go wrong.";
  static override examples = ["<%= config.bin %> preset show qwen3:8b --purpose balanced"];
  static override args = {
    preset: Args.string({
      description: "Model, or id of a preset as `ozone preset list` shows it.",
      required: true,
    }),
  };
  static override flags = PRESET_FILTER;

  async run(): Promise<unknown> {
    const { args, flags } = await this.parse(PresetShow);
    const { create } = await import("@bufbuild/protobuf");
    const { ListPresetsResponseSchema, PresetService } = await import("@ozone/proto/preset_service");
    const { messageJson } = await import("../../message-json.ts");
    const { selectPresets } = await import("../../presets/select-presets.ts");
    const { presetScreen, provenanceLines } = await import("../../render/text-presets.ts");
    const filter = { hardwareClass: flags.class, purpose: flags.purpose };
    return this.withCoordinator(flags.address, async (client) => {
      const all = await client.call(PresetService.method.listPresets, filter);
      const presets = selectPresets(all.presets, args.preset);
      this.print(
        presets.map(presetScreen).join("\n\n") + provenanceLines(presets.map(({ provenance }) => provenance)),
      );
      return messageJson(ListPresetsResponseSchema, create(ListPresetsResponseSchema, { presets }));
    });
  }
}
