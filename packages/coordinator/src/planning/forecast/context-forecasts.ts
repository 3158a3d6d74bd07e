// Candidates that need the same memory, together: one row per context, KV-cache type and number of requests. Pure.
import { create } from "@bufbuild/protobuf";
import { type ContextForecast, ContextForecastSchema } from "@ozone/proto/sweep_service";
import { groupBy } from "@ozone/shared/group-by";
import type { Candidate, CandidateCost } from "./candidates.ts";
import type { Ends } from "./estimate-cost.ts";

const keyOf = ({ configuration: { numCtx, kvCacheType, concurrency } }: Candidate): string =>
  JSON.stringify([numCtx, kvCacheType, concurrency]);

function fillOf(costs: readonly CandidateCost[]): Ends<number> | null {
  if (costs.length === 0) return null;
  const fills = costs.map(({ fillMs }) => fillMs);
  return {
    low: Math.min(...fills.map(({ low }) => low)),
    likely: fills.reduce((sum, { likely }) => sum + likely, 0) / fills.length,
    high: Math.max(...fills.map(({ high }) => high)),
  };
}

function rowOf(group: readonly Candidate[]): ContextForecast[] {
  const [first] = group;
  if (!first) return [];
  const { numCtx, kvCacheType, concurrency } = first.configuration;
  const { needBytes, fit } = first.memory;
  const fill = fillOf(group.flatMap(({ cost }) => cost ?? []));
  return [
    create(ContextForecastSchema, {
      numCtx,
      kvCacheType,
      concurrency,
      configurations: group.length,
      fit,
      ...(needBytes === null ? {} : { needBytes: BigInt(Math.round(needBytes)) }),
      ...(fill === null ? {} : { fill: { lowMs: fill.low, likelyMs: fill.likely, highMs: fill.high } }),
    }),
  ];
}

/** Rows by context, then in the order of the matrix. */
export const contextForecasts = (candidates: readonly Candidate[]): ContextForecast[] =>
  [...groupBy(candidates, keyOf).values()].flatMap(rowOf).sort((a, b) => a.numCtx - b.numCtx);
