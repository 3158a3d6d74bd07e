// The filter flags of the commands about presets.
import { Flags } from "@oclif/core";

/** Empty: everything. */
export const PRESET_FILTER = {
  class: Flags.string({ summary: "Only this hardware class.", default: "", helpValue: "HARDWARE-CLASS" }),
  purpose: Flags.string({
    summary: "Only this purpose.",
    default: "",
    helpValue: "fast_response|balanced|max_context|extreme_64k|extreme_128k|extreme_256k",
  }),
};
