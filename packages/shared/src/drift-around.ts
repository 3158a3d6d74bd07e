// Did the machine keep its speed while a result was measured? Judged by the reference trials around it: the same small
// configuration, measured at the start, now and then, and at the end of every sweep (measurement.md, step 8). Pure.
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { Purpose } from "@ozone/proto/configuration";
import type { TrialResult } from "@ozone/proto/trial";
import { groupBy } from "./group-by.ts";
import { judgeDrift, pooledSigma } from "./statistics/drift.ts";
import { median } from "./statistics/median.ts";
import { usableSamples } from "./usable-samples.ts";

/** Fewer usable samples make no reference. */
const REFERENCE_SAMPLES_MIN = 5;

/** What the references before and after a result say. */
export interface DriftAround {
  /** unknown: there is no reference before, or none after it (yet). */
  readonly verdict: "steady" | "drifted" | "unknown";
  /** Decode rate of the reference after over before, less 1: -0.1 is 10 % slower. Null while unknown. */
  readonly change: number | null;
}

const UNKNOWN: DriftAround = { verdict: "unknown", change: null };

/** Every result's drift, by `attemptKey`. */
export type DriftByAttempt = ReadonlyMap<string, DriftAround>;

/** Identity of a result among others. */
export const attemptKey = ({ trialId, attempt }: TrialResult): string => `${trialId}/${attempt}`;

interface Reference {
  readonly atMs: number;
  readonly rate: number;
  readonly rates: readonly number[];
}

const startOf = ({ startedAt }: TrialResult): number => (startedAt ? timestampMs(startedAt) : 0);

function referenceOf(result: TrialResult): Reference[] {
  if (result.purpose !== Purpose.REFERENCE) return [];
  const rates = usableSamples(result).flatMap(({ decodeTokensPerSecond }) => decodeTokensPerSecond ?? []);
  if (rates.length < REFERENCE_SAMPLES_MIN) return [];
  return [{ atMs: startOf(result), rate: median(rates), rates }];
}

/** One machine, one sweep, one model on one engine: only there are references the same. */
const seriesOf = ({ machineId, sweepId, modelDigest, conditions }: TrialResult): string =>
  JSON.stringify([machineId, sweepId, modelDigest, conditions?.engine?.kind, conditions?.engine?.version]);

function judgeSeries(series: readonly TrialResult[], judged: Map<string, DriftAround>): void {
  const references = series.flatMap(referenceOf).sort((a, b) => a.atMs - b.atMs);
  const sigma = pooledSigma(references.map(({ rates }) => rates));
  for (const result of series) {
    const atMs = startOf(result);
    const before = references.findLast((reference) => reference.atMs <= atMs);
    const after = references.find((reference) => reference.atMs > atMs);
    judged.set(attemptKey(result), before && after ? between(before.rate, after.rate, sigma) : UNKNOWN);
  }
}

function between(startRate: number, endRate: number, sigma: number): DriftAround {
  const { drift, verdict } = judgeDrift({ startRate, endRate, sigma });
  return { verdict: verdict === "invalid" ? "drifted" : "steady", change: Math.expm1(drift) };
}

/**
 * Judges every result by the references of its sweep, machine and model; by `attemptKey`. The order of the results
 * plays no part. Apart by more than max(8 %, 3 sigma of the reference) is drift.
 */
export function driftAround(results: readonly TrialResult[]): DriftByAttempt {
  const judged = new Map<string, DriftAround>();
  for (const series of groupBy(results, seriesOf).values()) judgeSeries(series, judged);
  return judged;
}

/**
 * Whether figures may be made from a result: not where the machine changed its speed around it, unless the sweep allows
 * such samples (as it allows contended ones) and then says so.
 */
export const mayCount = (result: TrialResult, drift: DriftByAttempt): boolean =>
  result.protocol?.allowContended === true || drift.get(attemptKey(result))?.verdict !== "drifted";
