// `ozone preset list`.
import { Flags } from "@oclif/core";
import { ConnectedCommand } from "../../base-command.ts";
import { PRESET_FILTER } from "./preset-filter.ts";

export default class PresetList extends ConnectedCommand {
  static override summary =
    "List presets with their speed, its interval, their status and where the numbers come from.";
  static override examples = ["<%= config.bin %> preset list --purpose balanced"];
  static override flags = {
    model: Flags.string({ summary: "Only this model.", default: "" }),
    ...PRESET_FILTER,
  };

  async run(): Promise<unknown> {
    const { flags } = await this.parse(PresetList);
    const { ListPresetsResponseSchema, PresetService } = await import("@ozone/proto/preset_service");
    const { messageJson } = await import("../../message-json.ts");
    const { inReadingOrder } = await import("../../presets/preset-order.ts");
    const { presetsText } = await import("../../render/text-presets.ts");
    const filter = { model: flags.model, hardwareClass: flags.class, purpose: flags.purpose };
    return this.withCoordinator(flags.address, async (client) => {
      const response = await client.call(PresetService.method.listPresets, filter);
      this.print(presetsText(inReadingOrder(response.presets)));
      return messageJson(ListPresetsResponseSchema, response);
    });
  }
}
