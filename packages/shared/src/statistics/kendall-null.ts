// The exact null distribution of Kendall's S for short series without ties.
import { at, requireWhole } from "./input-checks.ts";

/**
 * Probabilities of 0, 1, ..., n (n - 1) / 2 inversions in a random order of n different values; S = pairs - 2 inversions.
 * Source: the Mahonian numbers, by inserting one value after the other (Kendall, Rank Correlation Methods, 5).
 * @throws RangeError when n is no whole number above zero.
 */
export function inversionNull(n: number): Float64Array {
  requireWhole(n, "inversionNull: n", 1);
  let probabilities: Float64Array = Float64Array.of(1);
  for (let size = 2; size <= n; size += 1) {
    const grown = new Float64Array(probabilities.length + size - 1);
    for (const [inversions, probability] of probabilities.entries()) {
      for (let more = 0; more < size; more += 1) {
        grown[inversions + more] = at(grown, inversions + more) + probability / size;
      }
    }
    probabilities = grown;
  }
  return probabilities;
}
