// Presets that hold for the same thing: one hardware class, model digest, engine and provenance. Files show the group
// with most samples first and never mix two of them. Pure.
import type { Preset } from "@ozone/proto/preset";

/** Presets of one key, at least one. */
export type PresetGroup = readonly [Preset, ...Preset[]];

/** Groups, the one with most samples behind it first; equal ones by their key, so that files do not flap. */
export function presetGroups(presets: readonly Preset[]): PresetGroup[] {
  const groups = new Map<string, [Preset, ...Preset[]]>();
  for (const preset of presets) {
    const { hardwareClass, modelDigest, engine, provenance } = preset;
    const key = JSON.stringify([
      hardwareClass,
      modelDigest,
      engine?.kind ?? 0,
      engine?.version ?? "",
      provenance,
    ]);
    const group = groups.get(key);
    if (group) group.push(preset);
    else groups.set(key, [preset]);
  }
  return [...groups]
    .sort(([a, first], [b, second]) => samplesIn(second) - samplesIn(first) || (a < b ? -1 : 1))
    .map(([, group]) => group);
}

const samplesIn = (group: PresetGroup): number =>
  group.reduce((sum, { figures }) => sum + (figures?.decodeTokensPerSecond?.n ?? 0), 0);
