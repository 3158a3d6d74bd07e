// What every statistics function asks of its input, so that a NaN or an empty list fails at the door with a sentence
// instead of travelling into a published number.

/**
 * Asks for at least `least` values, all finite.
 * @throws RangeError when there are fewer, or one is NaN or infinite.
 */
export function requireFinite(values: readonly number[], what: string, least = 1): void {
  if (values.length < least) {
    throw new RangeError(`${what}: ${values.length} value(s) given, at least ${least} needed.`);
  }
  const position = values.findIndex((value) => !Number.isFinite(value));
  if (position >= 0) {
    throw new RangeError(`${what}: value ${position + 1} is ${values[position]}, a finite number is needed.`);
  }
}

/**
 * Asks for at least `least` values, all finite and above zero, because their logarithm is taken.
 * @throws RangeError when there are fewer, or one is zero, negative, NaN or infinite.
 */
export function requirePositive(values: readonly number[], what: string, least = 1): void {
  requireFinite(values, what, least);
  const position = values.findIndex((value) => value <= 0);
  if (position >= 0) {
    throw new RangeError(
      `${what}: value ${position + 1} is ${values[position]}, a number above zero is needed.`,
    );
  }
}

/**
 * Asks for a probability strictly between 0 and 1.
 * @throws RangeError otherwise.
 */
export function requireProbability(value: number, what: string): void {
  if (!(value > 0 && value < 1)) {
    throw new RangeError(`${what} is ${value}, a number between 0 and 1 (both excluded) is needed.`);
  }
}

/**
 * Asks for a whole number of at least `least`.
 * @throws RangeError otherwise.
 */
export function requireWhole(value: number, what: string, least = 0): void {
  if (!Number.isSafeInteger(value) || value < least) {
    throw new RangeError(`${what} is ${value}, a whole number of at least ${least} is needed.`);
  }
}

/** An element that the loop's bounds promise to be there; the sentence can only appear if such a promise is broken. */
export function at(values: ArrayLike<number>, position: number): number {
  const value = values[position];
  if (value === undefined)
    throw new RangeError(`Position ${position} is outside a list of ${values.length}.`);
  return value;
}
