// How long trials will take, as a range: arithmetic on how fast a target is. Used to plan, never to publish. Pure.

import { type Configuration, type Protocol, Purpose } from "@ozone/proto/configuration";
import { promptTokensFor } from "@ozone/shared/configuration";
import { samplesWanted } from "@ozone/shared/samples-wanted";
import { predictPrefillSeconds } from "@ozone/shared/statistics/quadratic-fit";
import { CONFIRMATION_SAMPLES_MAX, CONFIRMATION_SAMPLES_MIN } from "@ozone/shared/statistics/stopping";

/** How fast a target is with one configuration. Everything in seconds but the launch. */
export interface Speed {
  /** Reading n prompt tokens takes linear x n + quadratic x n^2. */
  readonly prefill: { readonly linear: number; readonly quadratic: number };
  /** Generating one token behind d others takes fixed + perDepthToken x d. */
  readonly decode: { readonly fixed: number; readonly perDepthToken: number };
  /** Load, warm-up, unload and waiting of one launch, in milliseconds. */
  readonly launchMs: number;
}

/** The fast end, the most likely, and the slow end. */
export interface Ends<Value> {
  readonly low: Value;
  readonly likely: Value;
  readonly high: Value;
}

/** How fast a target is, as far as it is known. */
export type Pace = Ends<Speed>;

/** The three ends, each from the end of what it follows from. */
export const ends = <Value>(of: (end: keyof Ends<Value>) => Value): Ends<Value> => ({
  low: of("low"),
  likely: of("likely"),
  high: of("high"),
});

/** Sums, end by end. */
export const sumOf = (parts: readonly Ends<number>[]): Ends<number> =>
  ends((end) => parts.reduce((sum, part) => sum + part[end], 0));

/** One trial, before it is planned. */
export interface TrialQuestion {
  readonly configuration: Configuration;
  readonly protocol: Protocol;
  readonly purpose: Purpose;
}

/** Time to fill a share of the context once, in milliseconds. */
export function fillMs({ prefill }: Speed, point: Configuration, fill: number): number {
  const tokens = Math.max(1, promptTokensFor(point, fill));
  return 1000 * predictPrefillSeconds({ ...prefill, lengths: 0, assumption: null }, tokens);
}

/** Time to generate the answer behind a filled context, in milliseconds. */
function answerMs({ decode }: Speed, point: Configuration, fill: number): number {
  return 1000 * point.numPredict * (decode.fixed + decode.perDepthToken * fill * point.numCtx);
}

/** One sample, or as many requests as share the server: their answers may come side by side or one after the other. */
function roundMs(speed: Speed, point: Configuration, fill: number, end: keyof Ends<number>): number {
  const requests = Math.max(1, point.concurrency);
  const answers = { low: 1, likely: (1 + requests) / 2, high: requests }[end];
  return requests * fillMs(speed, point, fill) + answers * answerMs(speed, point, fill);
}

/** Samples of a trial; a confirmation goes on until its intervals are narrow. */
export function samplesOf({ protocol, purpose }: TrialQuestion): Ends<number> {
  const asked = samplesWanted(protocol);
  if (purpose !== Purpose.CONFIRM || !protocol.precision) return ends(() => asked);
  const most = Math.max(asked, protocol.samplesMax || CONFIRMATION_SAMPLES_MAX);
  const least = Math.min(most, Math.max(asked, CONFIRMATION_SAMPLES_MIN));
  return { low: least, likely: Math.ceil((least + most) / 2), high: most };
}

/** What is measured besides the samples. */
function besidesMs(speed: Speed, question: TrialQuestion, end: keyof Ends<number>): number {
  const { configuration, protocol } = question;
  const { depths, warmPrefix, sustainedMs, fill, launches, repetitions } = protocol;
  const depthsMs = depths.reduce((sum, depth) => sum + roundMs(speed, configuration, depth, end), 0);
  const turns = warmPrefix ? Math.max(1, launches) * Math.max(1, repetitions) : 0;
  const shorterMs = protocol.shorterPredicts.reduce(
    (sum, numPredict) => sum + answerMs(speed, { ...configuration, numPredict }, fill),
    0,
  );
  const lastMs = sustainedMs > 0 ? roundMs(speed, configuration, fill, end) : 0;
  const turnsMs = turns * answerMs(speed, configuration, fill);
  return depthsMs + turnsMs + samplesWanted(protocol) * shorterMs + sustainedMs + lastMs;
}

/** Time of one whole trial in milliseconds, whatever its limit. */
export function wholeTrialMs(pace: Pace, question: TrialQuestion): Ends<number> {
  const { configuration, protocol, purpose } = question;
  const launches = Math.max(1, protocol.launches);
  const samples = samplesOf(question);
  return ends((end) => {
    const speed = pace[end];
    const sampleMs = roundMs(speed, configuration, protocol.fill, end);
    // A confirmation warms up once at full depth in each launch.
    const warmUpMs = purpose === Purpose.CONFIRM ? fillMs(speed, configuration, protocol.fill) : 0;
    return launches * (speed.launchMs + warmUpMs) + samples[end] * sampleMs + besidesMs(speed, question, end);
  });
}

/** The same under the limit of an attempt; what runs into it is tried once more. */
export function trialMs(pace: Pace, question: TrialQuestion): Ends<number> {
  const { limitMs } = question.protocol;
  const whole = wholeTrialMs(pace, question);
  if (limitMs === 0) return whole;
  return {
    low: Math.min(whole.low, limitMs),
    likely: Math.min(whole.likely, limitMs),
    high: whole.high > limitMs ? 2 * limitMs : whole.high,
  };
}
