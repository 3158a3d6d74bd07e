// Values far from the others are flagged, never deleted: measurement.md step 7. What to do about a flag is decided
// elsewhere; a sample is invalid only by a recorded cause.
import { requireFinite } from "./input-checks.ts";
import { median } from "./median.ts";
import { medianAbsoluteDeviation } from "./spread.ts";

/** Flagged above this distance. */
export const OUTLIER_ABOVE = 3.5;
/** Severe above this distance: worth one more sample. */
export const SEVERE_ABOVE = 10;
/** Makes the MAD comparable to the standard deviation of normal noise. */
const MAD_SCALE = 1.4826;
/** On a very quiet machine the MAD is nearly nothing; below this share of the median a deviation is of no interest. */
const MAD_FLOOR_SHARE = 0.002;

/** One flag per value, in the order of the values. */
export interface OutlierFlag {
  readonly value: number;
  /** |x - median| / (1.4826 max(MAD, 0.2 % of the median)), without a unit. */
  readonly distance: number;
  readonly level: "ordinary" | "outlier" | "severe";
}

/**
 * Flags values by the modified z score with a floor.
 * Source: Iglewicz and Hoaglin 1993 (3.5); hyperfine's level for severe (10); reference/statistics.md 1.4-8.
 * @returns as many flags as there are values.
 * @throws RangeError when there is no value or one is not finite.
 */
export function flagOutliers(values: readonly number[]): OutlierFlag[] {
  requireFinite(values, "flagOutliers");
  const centre = median(values);
  const spread = Math.max(medianAbsoluteDeviation(values), MAD_FLOOR_SHARE * Math.abs(centre));
  return values.map((value) => {
    const distance = distanceOf(Math.abs(value - centre), MAD_SCALE * spread);
    return { value, distance, level: levelOf(distance) };
  });
}

/** Half the values being exactly zero leaves no spread to divide by: then anything else is infinitely far. */
function distanceOf(deviation: number, spread: number): number {
  if (deviation === 0) return 0;
  return spread === 0 ? Number.POSITIVE_INFINITY : deviation / spread;
}

function levelOf(distance: number): OutlierFlag["level"] {
  if (distance > SEVERE_ABOVE) return "severe";
  return distance > OUTLIER_ABOVE ? "outlier" : "ordinary";
}
