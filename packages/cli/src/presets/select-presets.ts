// Which presets a person means by what was typed.
import type { Preset } from "@ozone/proto/preset";
import { OzoneError } from "@ozone/shared/errors";
import { presetId } from "./preset-id.ts";
import { inReadingOrder } from "./preset-order.ts";

/**
 * The presets of one model (":latest" may be left out), or the one whose id starts with the text (4 digits at least).
 * @throws OzoneError not_found that names what there is.
 */
export function selectPresets(presets: readonly Preset[], typed: string): Preset[] {
  const byModel = presets.filter(({ modelName }) => modelName === typed || modelName === `${typed}:latest`);
  if (byModel.length > 0) return inReadingOrder(byModel);
  const byId = presets.filter(
    (preset) => typed.length >= 4 && presetId(preset).startsWith(typed.toLowerCase()),
  );
  if (byId.length > 0) return byId;
  const models = [...new Set(presets.map(({ modelName }) => modelName))];
  const known =
    models.length === 0 ? "there is none yet" : `there are presets for ${models.slice(0, 5).join(", ")}`;
  throw new OzoneError(
    "not_found",
    `There is no preset for ${JSON.stringify(typed)}; ${known} (\`ozone preset list\`).`,
  );
}

const NAMED_MAX = 6;

/**
 * The one preset of a form that holds one.
 * @throws OzoneError invalid_input that names what it could be.
 */
export function onlyPreset(presets: readonly Preset[], format: string): Preset {
  const [first, ...others] = inReadingOrder(presets);
  if (first && others.length === 0) return first;
  const named = inReadingOrder(presets)
    .slice(0, NAMED_MAX)
    .map((preset) => `${presetId(preset)} (${preset.purpose}, ${preset.modelName})`);
  const rest = presets.length > NAMED_MAX ? " and others" : "";
  throw new OzoneError(
    "invalid_input",
    `${format} holds one preset and ${presets.length} match; add --purpose or give an id: ${named.join(", ")}${rest}.`,
  );
}
