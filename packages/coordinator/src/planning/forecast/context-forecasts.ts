// Candidates with the same context and number of requests together, with the memory of each KV-cache type. Pure.
import { create } from "@bufbuild/protobuf";
import {
  type CacheForecast,
  CacheForecastSchema,
  type ContextForecast,
  ContextForecastSchema,
} from "@ozone/proto/sweep_service";
import { groupBy } from "@ozone/shared/group-by";
import type { Candidate, CandidateCost } from "./candidates.ts";
import type { Ends } from "./estimate-cost.ts";

const contextKey = ({ configuration: { numCtx, concurrency } }: Candidate): string =>
  `${numCtx} ${concurrency}`;

/** One entry per KV-cache type, in the order of the matrix. */
const cachesOf = (group: readonly Candidate[]): CacheForecast[] =>
  [...groupBy(group, ({ configuration }) => configuration.kvCacheType)].flatMap(([kvCacheType, [first]]) => {
    if (!first) return [];
    const { needBytes, fit } = first.memory;
    const need = needBytes === null ? {} : { needBytes: BigInt(Math.round(needBytes)) };
    return create(CacheForecastSchema, { kvCacheType, fit, ...need });
  });

function fillOf(costs: readonly CandidateCost[]): Ends<number> | null {
  if (costs.length === 0) return null;
  const fills = costs.map(({ fillMs }) => fillMs);
  return {
    low: fills.reduce((least, { low }) => Math.min(least, low), Number.POSITIVE_INFINITY),
    likely: fills.reduce((sum, { likely }) => sum + likely, 0) / fills.length,
    high: fills.reduce((most, { high }) => Math.max(most, high), 0),
  };
}

function rowOf(group: readonly Candidate[]): ContextForecast[] {
  const [first] = group;
  if (!first) return [];
  const { numCtx, concurrency } = first.configuration;
  const fill = fillOf(group.flatMap(({ cost }) => cost ?? []));
  return [
    create(ContextForecastSchema, {
      numCtx,
      concurrency,
      configurations: group.length,
      caches: cachesOf(group),
      ...(fill === null ? {} : { fill: { lowMs: fill.low, likelyMs: fill.likely, highMs: fill.high } }),
    }),
  ];
}

/** The smallest context first. */
export const contextForecasts = (candidates: readonly Candidate[]): ContextForecast[] =>
  [...groupBy(candidates, contextKey).values()].flatMap(rowOf).sort((a, b) => a.numCtx - b.numCtx);
