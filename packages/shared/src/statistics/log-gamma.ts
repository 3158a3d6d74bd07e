// The logarithm of the gamma function, which the beta distribution and with it Student's t and the binomial rest on.

/** Stirling's series, DLMF 5.11.1: B(2k) / (2k (2k - 1)) for k = 1.. */
const STIRLING = [1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156];
const HALF_LN_TWO_PI = 0.9189385332046727;
/** From here on the series above is exact to the last bit of a double. */
const SERIES_FROM = 12;

/**
 * ln of the gamma function.
 * Source: Stirling's series (DLMF 5.11.1), reached from small x by gamma(x + 1) = x gamma(x).
 * @param x above zero.
 * @throws RangeError when x is not a finite number above zero.
 */
export function logGamma(x: number): number {
  if (!(x > 0) || !Number.isFinite(x))
    throw new RangeError(`logGamma needs a finite number above zero, not ${x}.`);
  let product = 1;
  let large = x;
  while (large < SERIES_FROM) {
    product *= large;
    large += 1;
  }
  const inverseSquare = 1 / (large * large);
  const series = STIRLING.reduceRight((sum, coefficient) => sum * inverseSquare + coefficient, 0) / large;
  return (large - 0.5) * Math.log(large) - large + HALF_LN_TWO_PI + series - Math.log(product);
}
