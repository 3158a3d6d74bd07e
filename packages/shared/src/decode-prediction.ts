// The decode rate of a model that was not measured, from one that was on the same kind of machine: where decoding is
// bound by memory, each token takes as long as reading weights and cache does. A guess with a range, never a figure. Pure.
import type { Figure } from "@ozone/proto/preset";
import { STRESS_FROM } from "./memory-stress.ts";
import { cacheBytes, type MachineMemory, type ModelSize, modelRoom } from "./model-room.ts";

/** What a prediction has to know of a model. */
export interface PredictableModel extends ModelSize {
  readonly name: string;
  readonly family: string;
  readonly parameterSize: string;
  /** 0: unknown. */
  readonly trainedContext: number;
}

/** A model that was measured, one request at a time with its context filled. */
export interface MeasuredRate {
  readonly model: PredictableModel;
  readonly numCtx: number;
  readonly kvCacheType: string;
  readonly setsPlacement: boolean;
  readonly decode: Pick<Figure, "median" | "ciLow" | "ciHigh" | "n">;
}

/** The machine as far as it decides whether memory is the bound. */
export interface PredictionMachine {
  readonly memory: MachineMemory;
  /** Last-level caches; null: unknown. */
  readonly cacheSizeBytes: number | null;
}

/** A rate nobody measured. */
export interface DecodePrediction {
  readonly tokensPerSecond: number;
  readonly low: number;
  readonly high: number;
  readonly numCtx: number;
  readonly fromModel: string;
  readonly fromSamples: number;
  /** Bytes read for each token, as a multiple of the measured model's. */
  readonly bytesRatio: number;
  /** Other measured models that the rule was held against. */
  readonly checkedOn: number;
}

/** Even equal bytes of another quantization are computed at another speed: no prediction is closer than this factor. */
const DOUBT_LEAST = 1.3;
/** Beyond this ratio of bytes the square root below would be too wide to say anything. */
const RATIO_MAX = 8;
/** Weights smaller than this many caches are partly read from them. */
const CACHES_APART = 2;
/** Larger than most last-level caches: stands in for an unknown one. */
const CACHE_UNKNOWN_BYTES = 128 * 1024 * 1024;
/** Families that read only some of their weights for a token, as far as their name tells; and "8x7B". */
const EXPERTS = /moe|mixtral|gpt-?oss|llama4|deepseek[23]|dbrx|grok/i;
const EXPERT_SIZE = /\dx\d/i;
/** Families that embed texts and generate none. */
const EMBEDDING = /bert/i;

/** A prediction, or in one sentence why there is none. */
export function predictDecode(
  target: PredictableModel,
  measured: readonly MeasuredRate[],
  machine: PredictionMachine,
): DecodePrediction | string {
  const obstacle = obstacleOf(target, machine);
  if (obstacle !== null) return obstacle;
  const usable = measured.filter((one) => isUsable(one, machine));
  if (usable.length === 0) return "No model was measured here that its rate could be predicted from.";
  const alike = usable
    .filter((one) => isComparable(target, one, machine))
    .map((one) => ({ one, ratio: readBytes(target, one) / readBytes(one.model, one) }))
    .sort((a, b) => farness(a.ratio) - farness(b.ratio));
  const nearest = alike[0];
  if (!nearest) return "No model that was measured here lies in memory the way this one would.";
  if (farness(nearest.ratio) > RATIO_MAX)
    return "Its size is too far from that of every model that was measured here.";
  return scaled(nearest.one, nearest.ratio, usable);
}

/** How far from 1, in either direction. */
const farness = (ratio: number): number => Math.max(ratio, 1 / ratio);

const readBytes = (model: PredictableModel, { numCtx, kvCacheType }: MeasuredRate): number =>
  model.weightBytes + cacheBytes(model, numCtx, kvCacheType);

/** Why the rule does not hold for a model at all. */
function obstacleOf(model: PredictableModel, { cacheSizeBytes }: PredictionMachine): string | null {
  if (EMBEDDING.test(model.family)) return "It embeds texts and generates none.";
  if (EXPERTS.test(model.family) || EXPERT_SIZE.test(model.parameterSize))
    return "It reads only some of its weights for each token, so their size says little.";
  if (model.weightBytes === 0 || model.kvBytesPerToken === 0)
    return "The size of its weights or of its cache is not known.";
  if (model.weightBytes < CACHES_APART * (cacheSizeBytes ?? CACHE_UNKNOWN_BYTES))
    return "Its weights are small enough for the processor's caches to hold much of them.";
  return null;
}

/** Where a model lies: only rates from the same place compare. */
function placeOf(model: PredictableModel, one: MeasuredRate, { memory }: PredictionMachine) {
  if (memory.vramBytes === null) return "unknown";
  if (memory.vramBytes === 0) return "main memory";
  return readBytes(model, one) < STRESS_FROM.high * memory.vramBytes ? "GPU" : "split";
}

function isUsable(one: MeasuredRate, machine: PredictionMachine): boolean {
  const { model, decode, setsPlacement } = one;
  const place = placeOf(model, one, machine);
  const hasInterval = decode.ciLow !== undefined && decode.ciHigh !== undefined && decode.ciLow > 0;
  return (
    obstacleOf(model, machine) === null &&
    hasInterval &&
    (place === "main memory" || (place === "GPU" && !setsPlacement))
  );
}

function isComparable(target: PredictableModel, one: MeasuredRate, machine: PredictionMachine): boolean {
  const isTrained = target.trainedContext === 0 || target.trainedContext >= one.numCtx;
  const fits = modelRoom(target, machine.memory, one.numCtx).word === "fits";
  return isTrained && fits && placeOf(target, one, machine) === placeOf(one.model, one, machine);
}

/**
 * The range: the measured interval, times the largest of three doubts: the least there is; the root of the ratio, which
 * covers the truth while up to a quarter of the measured step does not depend on bytes; and how wrong the rule is
 * between models that were measured.
 */
function scaled(from: MeasuredRate, ratio: number, all: readonly MeasuredRate[]): DecodePrediction {
  const others = all.filter(({ model }) => model !== from.model);
  const { median, ciLow = median, ciHigh = median, n } = from.decode;
  const errors = others.map((other) =>
    farness((other.decode.median * readBytes(other.model, other)) / (median * readBytes(from.model, from))),
  );
  const doubt = Math.max(DOUBT_LEAST, Math.sqrt(farness(ratio)), ...errors);
  return {
    tokensPerSecond: median / ratio,
    low: ciLow / ratio / doubt,
    high: (ciHigh / ratio) * doubt,
    numCtx: from.numCtx,
    fromModel: from.model.name,
    fromSamples: n,
    bytesRatio: ratio,
    checkedOn: others.length,
  };
}
