// What every export says of its preset before anything that is to be pasted: what it is, how sure, what it needs.
import type { Preset } from "@ozone/proto/preset";
import { PROVENANCE_NOTICE } from "@ozone/shared/provenance";
import { presetId } from "../../presets/preset-id.ts";
import { cleanText } from "../clean-text.ts";
import { statusWords } from "../figures.ts";
import { engineWords } from "../names.ts";
import { serverSettings } from "./server-settings.ts";

/** Lines without comment signs. `usage` says how to use this form and how to undo it. */
export function presetNotes(preset: Preset, usage: readonly string[]): string[] {
  const { purpose, modelName, hardwareClass, engine, provenance, staleBecause } = preset;
  const notice = PROVENANCE_NOTICE[provenance];
  return [
    `Preset ${presetId(preset)} by Ozone: ${cleanText(purpose, 60)} for ${cleanText(modelName, 200)} (${statusWords(preset)})`,
    `Measured on ${cleanText(hardwareClass, 200)} with ${engineWords(engine)}.`,
    ...(notice ? [notice] : []),
    ...staleBecause.map((reason) => `Stale: ${cleanText(reason)}`),
    ...usage,
  ];
}

/** What has to be set on the server besides, for the forms that can't set it; nothing where nothing has to be. */
export function serverNotes(preset: Preset): string[] {
  const settings = serverSettings(preset);
  if (settings.length === 0) return [];
  const words = settings.map(({ name, value }) => `${name}=${value}`).join(", ");
  return [
    `The server needs ${words} besides: export this preset as systemd, launchd or setx.`,
    "Without that the figures do not hold.",
  ];
}
