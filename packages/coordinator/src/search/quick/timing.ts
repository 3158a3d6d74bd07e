// How long a trial will take, from what this target has shown so far. Used to plan, never to publish.
import { type Configuration, type Protocol, Purpose } from "@ozone/proto/configuration";
import { promptTokensFor } from "@ozone/shared/configuration";
import { median } from "@ozone/shared/statistics/median";
import { fitPrefill, type PrefillFit, predictPrefillSeconds } from "@ozone/shared/statistics/quadratic-fit";
import type { Observation } from "../strategy.ts";

/** What the observations say about time. */
export interface Timing {
  readonly prefill: PrefillFit;
  /** Slowest decode rate seen, tokens per second: plans should rather end early. */
  readonly decodeTokensPerSecond: number;
  /** Load, unload and warm-up of one launch, in milliseconds. */
  readonly launchMs: number;
}

/** Overhead of a launch before anything is known. */
const LAUNCH_MS_GUESS = 3_000;

/** @returns null before the first usable sample. */
export function timingOf(observations: readonly Observation[]): Timing | null {
  const samples = observations.flatMap((observation) => observation.samples);
  const points = samples.flatMap(({ promptTokens, prefillTokensPerSecond: rate }) =>
    rate === undefined || promptTokens === 0 ? [] : [{ tokens: promptTokens, seconds: promptTokens / rate }],
  );
  const decode = samples.flatMap((sample) => sample.decodeTokensPerSecond ?? []);
  if (points.length === 0 || decode.length === 0) return null;
  return {
    prefill: fitPrefill(points),
    decodeTokensPerSecond: Math.min(...decode),
    launchMs: launchOverhead(observations),
  };
}

/** What screening trials took beyond their samples. */
function launchOverhead(observations: readonly Observation[]): number {
  const overheads = observations
    .filter(({ purpose, samples }) => purpose === Purpose.SCREEN && samples.length > 0)
    .map(
      ({ elapsedMs, samples }) => elapsedMs - samples.reduce((sum, sample) => sum + (sample.totalMs ?? 0), 0),
    )
    .filter((ms) => ms > 0);
  return overheads.length === 0 ? LAUNCH_MS_GUESS : median(overheads);
}

/** Predicted time to fill the asked share of the context once, in milliseconds. */
export function fillMs(timing: Timing, point: Configuration, fill: number): number {
  const tokens = Math.max(1, promptTokensFor(point, fill));
  return predictPrefillSeconds(timing.prefill, tokens) * 1000;
}

/** Predicted time of a whole trial, in milliseconds. */
export function trialMs(
  timing: Timing,
  trial: { configuration: Configuration; protocol: Protocol; purpose: Purpose },
): number {
  const { configuration, protocol, purpose } = trial;
  const sampleMs = roundMs(timing, configuration, protocol.fill);
  // A confirmation warms up once at full depth in each launch.
  const samples = protocol.repetitions + (purpose === Purpose.CONFIRM ? 1 : 0);
  return protocol.launches * (timing.launchMs + samples * sampleMs) + besidesMs(timing, trial, sampleMs);
}

/** One sample, or as many requests as share the server: their fills may come one after the other. */
function roundMs(timing: Timing, point: Configuration, fill: number): number {
  const requests = Math.max(1, point.concurrency);
  return requests * (fillMs(timing, point, fill) + (point.numPredict / timing.decodeTokensPerSecond) * 1000);
}

/** What is measured besides the samples; a warm prefix costs little more than its decode. */
function besidesMs(
  timing: Timing,
  { configuration, protocol }: { configuration: Configuration; protocol: Protocol },
  sampleMs: number,
): number {
  const depthsMs = protocol.depths.reduce((sum, depth) => sum + roundMs(timing, configuration, depth), 0);
  const warmMs = protocol.warmPrefix ? protocol.launches * protocol.repetitions * sampleMs : 0;
  return depthsMs + warmMs + (protocol.sustainedMs > 0 ? protocol.sustainedMs + sampleMs : 0);
}
