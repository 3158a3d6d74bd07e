// Recordings of a real engine's pace: what was measured once, idle or loaded, is replayed with its own noise.
import type { SamplePace } from "./pace.ts";

/** One recorded generation. */
export interface RecordedSample {
  /** Prompt tokens that were really computed. */
  readonly promptTokens: number;
  /** From the start of prefill to the first token. */
  readonly prefillMs: number;
  /** Between one token and the next, in the order they came. */
  readonly gapsMs: readonly number[];
}

/** A recording as it lies in a JSON file. */
export interface PaceRecording {
  /** What was recorded, in words: engine, model, settings, machine. */
  readonly source: string;
  readonly condition: "idle" | "loaded";
  readonly samples: readonly RecordedSample[];
}

/**
 * Reads a recording from parsed JSON.
 * @throws Error with one sentence naming the first thing that is wrong.
 */
export function parsePaceRecording(json: unknown): PaceRecording {
  if (!isObject(json))
    throw new Error("A pace recording must be a JSON object with source, condition and samples.");
  const { source, condition, samples } = json;
  if (typeof source !== "string") throw new Error("A pace recording needs a text `source`.");
  if (condition !== "idle" && condition !== "loaded") {
    throw new Error("The `condition` of a pace recording must be idle or loaded.");
  }
  if (!Array.isArray(samples) || samples.length === 0) {
    throw new Error("A pace recording needs at least one sample in `samples`.");
  }
  return { source, condition, samples: samples.map(parseSample) };
}

/**
 * Replays a recording: each generation takes the next sample among those of the depth nearest to its own prompt. Prefill is
 * scaled by the number of tokens; gaps start again from the first when more tokens are asked for than were recorded.
 */
export function recordedPace(recording: PaceRecording): (promptTokens: number) => SamplePace {
  const used = new Map<number, number>();
  return (promptTokens) => {
    const depth = nearestDepth(recording, promptTokens);
    const candidates = recording.samples.filter((sample) => sample.promptTokens === depth);
    const turn = used.get(depth) ?? 0;
    used.set(depth, turn + 1);
    const sample = candidates[turn % candidates.length];
    if (sample === undefined) throw new Error("A pace recording without samples can't be replayed.");
    return replay(sample);
  };
}

function replay(sample: RecordedSample): SamplePace {
  return {
    prefillSeconds: (from, to) => ((to - from) * sample.prefillMs) / sample.promptTokens / 1000,
    gapSeconds: (index) => (sample.gapsMs[(index - 1) % sample.gapsMs.length] ?? 0) / 1000,
  };
}

function nearestDepth(recording: PaceRecording, promptTokens: number): number {
  const depths = recording.samples.map((sample) => sample.promptTokens);
  return depths.reduce(
    (best, depth) => (Math.abs(depth - promptTokens) < Math.abs(best - promptTokens) ? depth : best),
    depths[0] ?? 0,
  );
}

function parseSample(json: unknown, index: number): RecordedSample {
  const where = `sample ${index} of the pace recording`;
  if (!isObject(json)) throw new Error(`The ${where} must be an object.`);
  const { promptTokens, prefillMs, gapsMs } = json;
  if (!isPositive(promptTokens)) throw new Error(`The ${where} needs a positive promptTokens.`);
  if (!isPositive(prefillMs)) throw new Error(`The ${where} needs a positive prefillMs.`);
  if (!Array.isArray(gapsMs) || gapsMs.length === 0 || !gapsMs.every(isGap)) {
    throw new Error(`The ${where} needs gapsMs, a list of gaps of 0 ms or more.`);
  }
  return { promptTokens, prefillMs, gapsMs };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function isPositive(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value > 0;
}

function isGap(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value) && value >= 0;
}
