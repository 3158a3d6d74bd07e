// How fast the script answers: seconds per token over depth, either as a curve (plain data, so that a script can travel as
// JSON) or replayed from a recording of a real engine.
import type { PaceRecording } from "./pace-recording.ts";
import { recordedPace } from "./pace-recording.ts";

/** One point of a curve: seconds per token when `depth` tokens are already in the context. */
export interface PacePoint {
  readonly depth: number;
  readonly secondsPerToken: number;
}

/** Linear between its points and beyond them; one point means the same at every depth. */
export type PaceCurve = readonly PacePoint[];

/** The pace of a script. */
export type Pace =
  | { readonly kind: "curve"; readonly prefill: PaceCurve; readonly decode: PaceCurve }
  | { readonly kind: "recording"; readonly recording: PaceRecording };

/** The pace of one generation. */
export interface SamplePace {
  /** Seconds to compute the prompt tokens [from, to). */
  prefillSeconds(from: number, to: number): number;
  /** Seconds between generated token `index - 1` and token `index` (>= 1), with `depth` tokens before it. */
  gapSeconds(index: number, depth: number): number;
}

/**
 * The default: both costs grow in a straight line with depth, as attention does. 2048 tokens are prefilled in about 145 ms and
 * decoding starts at 400 tokens per second, fast enough for tests and slow enough for the tiny default model to be believed.
 */
export function physicalPace(): Pace {
  return {
    kind: "curve",
    prefill: [
      { depth: 0, secondsPerToken: 60e-6 },
      { depth: 2048, secondsPerToken: 80e-6 },
    ],
    decode: [
      { depth: 0, secondsPerToken: 2.5e-3 },
      { depth: 2048, secondsPerToken: 3.3e-3 },
    ],
  };
}

/** The same rates at every depth. */
export function flatPace(rates: { prefillTokensPerSecond: number; decodeTokensPerSecond: number }): Pace {
  return {
    kind: "curve",
    prefill: [{ depth: 0, secondsPerToken: 1 / rates.prefillTokensPerSecond }],
    decode: [{ depth: 0, secondsPerToken: 1 / rates.decodeTokensPerSecond }],
  };
}

/** Seconds per token of a curve at a depth. */
export function secondsPerTokenAt(curve: PaceCurve, depth: number): number {
  const first = curve[0];
  if (first === undefined) return 0;
  let [left, right] = [first, curve[1] ?? first];
  for (let index = 2; index < curve.length && depth > right.depth; index += 1) {
    [left, right] = [right, curve[index] ?? right];
  }
  if (right.depth === left.depth) return left.secondsPerToken;
  const share = (depth - left.depth) / (right.depth - left.depth);
  return Math.max(0, left.secondsPerToken + share * (right.secondsPerToken - left.secondsPerToken));
}

/** A function that gives each new generation its pace; recordings advance by one sample per generation. */
export function paceSource(pace: Pace): (promptTokens: number) => SamplePace {
  if (pace.kind === "recording") return recordedPace(pace.recording);
  const curve: SamplePace = {
    // The middle of the range is exact for a straight line; batches are short against the bends of a longer curve.
    prefillSeconds: (from, to) => (to - from) * secondsPerTokenAt(pace.prefill, (from + to) / 2),
    gapSeconds: (_index, depth) => secondsPerTokenAt(pace.decode, depth),
  };
  return () => curve;
}
