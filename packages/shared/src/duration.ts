// Durations as people write them ("240s", "10m", "1h30m"), read once at the border. Printing is units.ts.
import { type Milliseconds, milliseconds } from "./units.ts";

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * Reads "240s", "1.5h" or "1h30m"; a unit is always needed, each at most once and from large to small.
 * @returns null when the text is not a duration: the caller knows where it stands and says so.
 */
export function parseDuration(text: string): Milliseconds | null {
  const parts = [...text.trim().matchAll(/(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join("") !== text.trim()) return null;
  let total = 0;
  let smallestMs = Number.POSITIVE_INFINITY;
  for (const [, amount = "", unit = ""] of parts) {
    const unitMs = UNIT_MS[unit] ?? 0;
    if (unitMs >= smallestMs) return null;
    smallestMs = unitMs;
    total += Number(amount) * unitMs;
  }
  return milliseconds(Math.round(total));
}
