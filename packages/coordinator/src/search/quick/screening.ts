// What the quick sweep screens, in order: the default, the context ladder, then batch
// sizes and threads at a context that fills quickly.
import { type Configuration, Purpose } from "@ozone/proto/configuration";
import { configuration, configurationKey } from "@ozone/shared/configuration";
import type { ObjectiveFigures } from "@ozone/shared/objective";
import { type Measured, measuredConfigurations } from "../finalists.ts";
import { baseConfiguration } from "../option-space.ts";
import type { SearchState } from "../strategy.ts";
import { fillMs, type Timing } from "./timing.ts";

/** The ladder stops where one fill would take longer. */
export const FILL_LIMIT_MS = 10_000;
/** The default is measured even when it fills slowly, up to this share of the box. */
const DEFAULT_FILL_SHARE = 0.25;
/** Variations are made at a context that fills within this time. */
const VARIATION_FILL_MS = 6_000;
/** Where nothing else fills in time, variations are made here. */
const SMALLEST_NUM_CTX = 512;
const LADDER = [
  512, 1024, 2048, 3072, 4096, 6144, 8192, 12_288, 16_384, 24_576, 32_768, 49_152, 65_536, 98_304, 131_072,
  196_608, 262_144,
];
const BATCHES = [128, 256, 1024, 64, 2048, 32, 384];
/** Skips only what surely can't fit (search.md). */
const SURELY_TOO_LARGE = 1.06;

/** A point to screen, and why. */
export interface Candidate {
  readonly configuration: Configuration;
  readonly reason: string;
}

/** Why the ladder ended, for people. */
export type LadderEnd = "time" | "memory" | "failure" | "trained context" | "open";

const withChange = (point: Configuration, change: Partial<Configuration>): Configuration => {
  const { numCtx, numBatch, numThread, numGpu, numPredict } = { ...point, ...change };
  return configuration({
    numCtx,
    numBatch: Math.min(numBatch, numCtx),
    ...(numThread === undefined ? {} : { numThread }),
    ...(numGpu === undefined ? {} : { numGpu }),
    numPredict,
  });
};

function surelyTooLarge({ model, machine }: SearchState, numCtx: number): boolean {
  if (machine.memoryBytes === null || model.kvBytesPerToken === 0) return false;
  return model.weightBytes + model.kvBytesPerToken * numCtx > SURELY_TOO_LARGE * machine.memoryBytes;
}

/** Contexts worth filling, ascending, and why there are no more. */
export function ladder(state: SearchState, timing: Timing): { contexts: number[]; end: LadderEnd } {
  const base = baseConfiguration(state);
  const failed = state.observations
    .filter((trial) => trial.state === "failed")
    .map((trial) => trial.configuration.numCtx);
  const limit = Math.min(...failed, Number.POSITIVE_INFINITY);
  const contexts: number[] = [];
  for (const numCtx of LADDER) {
    if (numCtx < base.numPredict * 2) continue;
    if (state.model.trainedContext > 0 && numCtx > state.model.trainedContext)
      return { contexts, end: "trained context" };
    if (numCtx >= limit) return { contexts, end: "failure" };
    if (surelyTooLarge(state, numCtx)) return { contexts, end: "memory" };
    const ms = fillMs(timing, withChange(base, { numCtx }), state.protocol.fill);
    if (ms > FILL_LIMIT_MS) return { contexts, end: "time" };
    contexts.push(numCtx);
  }
  return { contexts, end: "open" };
}

/** Other numbers of threads, the most promising first: a core left to the rest of the machine, then all, then half. */
function threadVariations(state: SearchState, at: Configuration): Candidate[] {
  const { logicalCores, physicalCores } = state.machine;
  const cores = physicalCores ?? logicalCores ?? 1;
  const counts = [...new Set([Math.max(1, cores - 1), cores, Math.max(1, Math.floor(cores / 2))])];
  return counts
    .filter((count) => count !== at.numThread)
    .map((numThread) => ({
      configuration: withChange(at, { numThread }),
      reason: `${numThread} thread(s) instead of ${at.numThread ?? "the server's choice"} at num_ctx ${at.numCtx}`,
    }));
}

function batchVariations(at: Configuration): Candidate[] {
  return BATCHES.filter((size) => size !== at.numBatch && size <= at.numCtx).map((numBatch) => ({
    configuration: withChange(at, { numBatch }),
    reason: `num_batch ${numBatch} instead of ${at.numBatch} at num_ctx ${at.numCtx}`,
  }));
}

/** The number of threads that has decoded fastest at this context; the configuration's own before anything was measured. */
function bestThreads(state: SearchState, at: Configuration): Partial<Configuration> {
  const here = measuredConfigurations(state.observations).filter(
    ({ configuration: { numCtx, numBatch } }) => numCtx === at.numCtx && numBatch === at.numBatch,
  );
  const numThread = smallest(here, (figures) => -figures.decodeTokensPerSecond)?.configuration.numThread;
  return numThread === undefined ? {} : { numThread };
}

/** The measured configuration with the smallest value; null when there is none. */
function smallest(
  measured: readonly Measured[],
  valueIn: (figures: ObjectiveFigures) => number,
): Measured | null {
  return measured.reduce<Measured | null>(
    (best, next) => (best && valueIn(best.figures) <= valueIn(next.figures) ? best : next),
    null,
  );
}

/** The options that were fastest at the variations' context, put together and carried to other contexts. */
function combinations(state: SearchState, at: Configuration, contexts: readonly number[]): Candidate[] {
  const here = measuredConfigurations(state.observations).filter(
    (measured) => measured.configuration.numCtx === at.numCtx,
  );
  const fill = smallest(here, ({ ttftMs }) => ttftMs);
  const decode = smallest(here, ({ decodeTokensPerSecond }) => -decodeTokensPerSecond);
  if (!fill || !decode) return [];
  const { numThread } = decode.configuration;
  const best = withChange(at, {
    numBatch: fill.configuration.numBatch,
    ...(numThread === undefined ? {} : { numThread }),
  });
  const reason = `the batch size that filled fastest with the threads that decoded fastest at num_ctx ${at.numCtx}`;
  return [at.numCtx, ...[...contexts].reverse().slice(0, 2)].map((numCtx) => ({
    configuration: withChange(best, { numCtx }),
    reason: numCtx === at.numCtx ? reason : `${reason}, at num_ctx ${numCtx}`,
  }));
}

/** Everything worth screening that has not been tried, most important first. */
export function candidates(state: SearchState, timing: Timing): Candidate[] {
  const base = baseConfiguration(state);
  // The reference only gives rates: its configuration is a candidate like any other.
  const tried = new Set(
    state.observations
      .filter(({ purpose }) => purpose !== Purpose.REFERENCE)
      .map((trial) => configurationKey(trial.configuration)),
  );
  const { contexts } = ladder(state, timing);
  const quick = contexts.filter(
    (numCtx) =>
      numCtx <= base.numCtx &&
      fillMs(timing, withChange(base, { numCtx }), state.protocol.fill) <= VARIATION_FILL_MS,
  );
  const at = withChange(base, { numCtx: quick.at(-1) ?? Math.min(SMALLEST_NUM_CTX, base.numCtx) });
  const defaultFits =
    state.budgetMs === 0 || fillMs(timing, base, state.protocol.fill) <= DEFAULT_FILL_SHARE * state.budgetMs;
  const lead = bestThreads(state, at);
  const threads = threadVariations(state, at);
  const batches = batchVariations(withChange(at, lead));
  const wanted: Candidate[] = [
    ...(defaultFits ? [{ configuration: base, reason: "the default, to compare with" }] : []),
    // Threads first: on some machines the server's choice costs most of the speed, and everything after it time.
    ...threads.slice(0, 1),
    ...contexts
      .filter((numCtx) => numCtx > base.numCtx || numCtx === at.numCtx)
      .map((numCtx) => ({
        configuration: withChange(base, { numCtx, ...lead }),
        reason: `one step up the context ladder: num_ctx ${numCtx}`,
      })),
    ...batches.slice(0, 3),
    ...threads.slice(1),
    ...batches.slice(3),
    ...combinations(state, at, contexts),
  ];
  return wanted.filter(({ configuration: point }) => !tried.has(configurationKey(point)));
}
