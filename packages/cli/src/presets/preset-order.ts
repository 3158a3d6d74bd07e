// The order in which people read presets: what holds for the same thing together, small and fast first. Pure.
import type { Preset } from "@ozone/proto/preset";
import { EXTREME_TIERS } from "@ozone/shared/extreme-tiers";
import { OBJECTIVES } from "@ozone/shared/objective";

const PURPOSES = [...OBJECTIVES, ...EXTREME_TIERS].map(({ purpose }) => purpose);

/** A new list: by model, hardware class, digest, engine, then by purpose; unknown purposes come last. */
export const inReadingOrder = (presets: readonly Preset[]): Preset[] =>
  [...presets].sort(
    (a, b) => compareText(keyOf(a), keyOf(b)) || rank(a) - rank(b) || compareText(a.purpose, b.purpose),
  );

const keyOf = ({ modelName, hardwareClass, modelDigest, engine }: Preset): string =>
  JSON.stringify([modelName, hardwareClass, modelDigest, engine?.kind ?? 0, engine?.version ?? ""]);

function rank({ purpose }: Preset): number {
  const position = PURPOSES.indexOf(purpose);
  return position < 0 ? PURPOSES.length : position;
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
