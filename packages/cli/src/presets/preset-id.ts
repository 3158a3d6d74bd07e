// A short name for a preset, to be typed: derived from its key, so it stays the same when the preset is refreshed.
import { createHash } from "node:crypto";
import type { Preset } from "@ozone/proto/preset";

/** Eight hexadecimal digits over hardware class, model, digest, engine and purpose. */
export function presetId(preset: Preset): string {
  const { hardwareClass, modelName, modelDigest, engine, purpose } = preset;
  const key = [hardwareClass, modelName, modelDigest, engine?.kind ?? 0, engine?.version ?? "", purpose];
  return createHash("sha256").update(JSON.stringify(key)).digest("hex").slice(0, 8);
}
