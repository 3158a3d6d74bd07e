// The points of a matrix, and the default configuration that everything is compared with.
import type { Configuration } from "@ozone/proto/configuration";
import type { Matrix } from "@ozone/proto/sweep";
import { configuration, configurationKey, isQuantisedCache } from "@ozone/shared/configuration";
import { defaultConfiguration } from "@ozone/shared/default-configuration";
import type { SearchState } from "./strategy.ts";

/** The default configuration of a target; `numPredict` is the sweep's own output length, if it has one. */
export const baseConfiguration = ({ base, model, machine, matrix }: SearchState): Configuration =>
  base ??
  defaultConfiguration({
    trainedContext: model.trainedContext,
    defaultThreads: machine.defaultThreads,
    numPredict: matrix.numPredict[0],
  });

/** Values of one dimension, or the default's value as the only one. Repeated values count once. */
const valuesOf = <Value>(given: readonly Value[], fallback: Value): Value[] =>
  given.length > 0 ? [...new Set(given)] : [fallback];

/** Every possible point of the matrix, in the order of its values; what is not given has the default's value. */
export function expandMatrix(matrix: Matrix, base: Configuration): Configuration[] {
  const points: Configuration[] = [];
  const seen = new Set<string>();
  const axes: [string, (number | string | undefined)[]][] = [
    ["numCtx", valuesOf(matrix.numCtx, base.numCtx)],
    ["numBatch", valuesOf(matrix.numBatch, base.numBatch)],
    ["numThread", valuesOf<number | undefined>(matrix.numThread, base.numThread)],
    ["numGpu", valuesOf<number | undefined>(matrix.numGpu, base.numGpu)],
    ["kvCacheType", valuesOf(matrix.kvCacheType, base.kvCacheType)],
    ["flashAttention", valuesOf(matrix.flashAttention, base.flashAttention)],
    ["numPredict", valuesOf(matrix.numPredict, base.numPredict)],
    ["concurrency", valuesOf(matrix.concurrency, base.concurrency)],
  ];
  const total = axes.reduce((product, [, values]) => product * values.length, 1);
  for (let position = 0; position < total; position += 1) {
    const point = pointAt(axes, position, base);
    const key = configurationKey(point);
    if (!seen.has(key) && isPossible(point)) points.push(point);
    seen.add(key);
  }
  return points;
}

/** A quantised KV cache can't do without flash attention. */
const isPossible = ({ kvCacheType, flashAttention }: Configuration): boolean =>
  !(isQuantisedCache(kvCacheType) && flashAttention === "off");

/** What of a matrix was left out, and why: one sentence, or none. */
export function impossibleNotes({ kvCacheType, flashAttention }: Matrix): string[] {
  const types = kvCacheType.filter(isQuantisedCache);
  if (types.length === 0 || !flashAttention.includes("off")) return [];
  return [
    `kv_cache_type ${types.join(", ")} with flash_attention off was left out: a quantised KV cache needs flash attention.`,
  ];
}

/** The n-th point; the last dimension varies fastest. */
function pointAt(
  axes: readonly [string, (number | string | undefined)[]][],
  position: number,
  base: Configuration,
): Configuration {
  const values: Record<string, number | string> = {};
  let rest = position;
  for (const [name, choices] of [...axes].reverse()) {
    const value = choices[rest % choices.length];
    if (value !== undefined) values[name] = value;
    rest = Math.floor(rest / choices.length);
  }
  const { numCtx, numBatch, numPredict } = base;
  const point = configuration({ numCtx, numBatch, numPredict, ...values });
  // A batch beyond the context is cut to it by the server.
  point.numBatch = Math.min(point.numBatch, point.numCtx);
  return point;
}

/** How many points a matrix has, without making them. */
export const matrixSize = (matrix: Matrix): number =>
  [
    matrix.numCtx,
    matrix.numBatch,
    matrix.numThread,
    matrix.numGpu,
    matrix.kvCacheType,
    matrix.flashAttention,
    matrix.numPredict,
    matrix.concurrency,
  ].reduce((product, values) => product * Math.max(1, new Set<unknown>(values).size), 1);
