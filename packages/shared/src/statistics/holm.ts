// Several tests at once: the chance that any of them errs must stay what was promised for one.
import { at } from "./input-checks.ts";

/**
 * Holm's adjusted probabilities, in the order given: reject those below the chosen level, and the chance of any false
 * rejection stays below it, however the tests depend on each other.
 * Source: S. Holm, "A simple sequentially rejective multiple test procedure", 1979.
 * @param pValues each from 0 to 1; an empty list gives an empty list.
 * @throws RangeError when one is not from 0 to 1.
 */
export function holm(pValues: readonly number[]): number[] {
  const wrong = pValues.find((p) => !(p >= 0 && p <= 1));
  if (wrong !== undefined)
    throw new RangeError(`holm: a probability is ${wrong}, a number from 0 to 1 is needed.`);
  const order = pValues.map((_, position) => position).sort((i, j) => at(pValues, i) - at(pValues, j));
  const adjusted = new Array<number>(pValues.length).fill(1);
  let largest = 0;
  for (const [rank, position] of order.entries()) {
    largest = Math.max(largest, Math.min(1, (pValues.length - rank) * at(pValues, position)));
    adjusted[position] = largest;
  }
  return adjusted;
}
