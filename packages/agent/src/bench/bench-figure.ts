// A figure as the document of a bench has it: a median never without its spread and its number of samples. Pure.
import { medianInterval } from "@ozone/shared/statistics/interval";
import { median } from "@ozone/shared/statistics/median";

/** A median with its interval; null where there is nothing to say. */
export interface BenchFigure {
  readonly median: number | null;
  readonly ciLow: number | null;
  readonly ciHigh: number | null;
  readonly n: number;
  /** Below six values the interval leans on an assumed distribution. */
  readonly preliminary: boolean;
}

const known = (values: readonly (number | undefined)[]): number[] =>
  values.filter((value): value is number => value !== undefined && value > 0);

/** The median of what is known; null of nothing. */
export function medianOf(values: readonly (number | undefined)[]): number | null {
  const seen = known(values);
  return seen.length === 0 ? null : median(seen);
}

/** Median and interval of what is known. */
export function figureOf(values: readonly (number | undefined)[]): BenchFigure {
  const seen = known(values);
  if (seen.length === 0) return { median: null, ciLow: null, ciHigh: null, n: 0, preliminary: true };
  const { median: middle, ciLow, ciHigh, n, preliminary } = medianInterval(seen);
  return { median: middle, ciLow, ciHigh, n, preliminary };
}
