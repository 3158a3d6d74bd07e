// The one preset that is to be applied.
import type { Preset } from "@ozone/proto/preset";
import { OzoneError } from "@ozone/shared/errors";
import { presetId } from "../presets/preset-id.ts";
import { selectPresets } from "../presets/select-presets.ts";

/**
 * What was typed as a model or an id, which must mean one preset.
 * @throws OzoneError not_found; invalid_input when several are meant
 */
export function chooseOne(presets: readonly Preset[], typed: string): Preset {
  const [only, ...more] = selectPresets(presets, typed);
  if (only !== undefined && more.length === 0) return only;
  const known = [only, ...more].flatMap((preset) =>
    preset === undefined ? [] : [`${presetId(preset)} (${preset.purpose}, ${preset.hardwareClass})`],
  );
  throw new OzoneError(
    "invalid_input",
    `${typed} has several presets, and one can be applied at a time; name one by its id: ${known.slice(0, 8).join(", ")}.`,
  );
}
