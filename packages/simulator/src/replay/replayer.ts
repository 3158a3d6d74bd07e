// Hands a grid out as a machine would: one unseen repetition at a time, failures included, never a mean. Half of the
// repetitions are kept back as the truth, so that noise that happened to look good is not rewarded.

import { create } from "@bufbuild/protobuf";
import type { Observation, Proposal } from "@ozone/coordinator/search/strategy";
import { type Configuration, Purpose } from "@ozone/proto/configuration";
import { type Sample, SampleSchema } from "@ozone/proto/trial";
import { configurationKey, promptTokensFor } from "@ozone/shared/configuration";
import type { GridPoint, GridRepetition, RecordedGrid } from "../grids/recorded-grid.ts";

const FILL = 0.9;

/** How outcomes of a grid are called as failures. */
export const FAILURES: Readonly<Record<Exclude<GridRepetition["outcome"], "ok">, string>> = {
  oom: "out_of_memory_load",
  timeout: "request_timeout",
  error: "runner_crashed",
};

/** What a replay has used up. */
export interface Usage {
  readonly trials: number;
  readonly repetitions: number;
  readonly seconds: number;
  readonly oomTrials: number;
}

/** Repetitions for the search: every other one, from the first; all of them where there is only one. */
export const handedOut = ({ repetitions }: GridPoint): GridRepetition[] =>
  repetitions.filter((_, index) => index % 2 === 0);

/** The other repetitions: what the search's choice is judged by. */
export const keptBack = ({ repetitions }: GridPoint): GridRepetition[] => {
  const others = repetitions.filter((_, index) => index % 2 === 1);
  return others.length > 0 ? others : [...repetitions];
};

/** A repetition as a trial reports it. */
export function sampleOf(point: Configuration, one: GridRepetition): Sample {
  const promptTokens = Math.max(1, promptTokensFor(point, FILL));
  return create(SampleSchema, {
    valid: true,
    promptTokens,
    generatedTokens: point.numPredict,
    ...(one.decode_tps === undefined ? {} : { decodeTokensPerSecond: one.decode_tps }),
    ...(one.prefill_tps === undefined ? {} : { prefillTokensPerSecond: one.prefill_tps }),
    ...(one.ttft_ms === undefined ? {} : { ttftMs: one.ttft_ms }),
    totalMs: (one.seconds ?? 0) * 1000,
  });
}

/** @throws RangeError for a configuration that the grid does not have */
export function pointIn(grid: RecordedGrid, configuration: Configuration): GridPoint {
  const exact = grid.points.get(configurationKey(configuration));
  if (exact) return exact;
  // A batch beyond the context is cut to it by the server; a grid may have recorded it under its own number.
  const cut = [...grid.points.values()].find(
    (point) =>
      point.configuration.numBatch >= point.configuration.numCtx &&
      configurationKey({ ...point.configuration, numBatch: point.configuration.numCtx }) ===
        configurationKey(configuration),
  );
  if (cut) return cut;
  throw new RangeError(`The grid has no configuration ${configurationKey(configuration)}.`);
}

/** One grid being replayed. */
export class Replayer {
  readonly #grid: RecordedGrid;
  readonly #used = new Map<string, number>();
  #repetitions = 0;
  #seconds = 0;
  #oomTrials = 0;

  constructor(grid: RecordedGrid) {
    this.#grid = grid;
  }

  /** @throws RangeError for a configuration that the grid does not have */
  pointOf(configuration: Configuration): GridPoint {
    return pointIn(this.#grid, configuration);
  }

  /** Runs one trial: as many repetitions as it asks for and there are, until one fails. */
  run(proposal: Proposal): Observation {
    const { configuration, protocol, purpose } = proposal;
    const point = this.pointOf(configuration);
    const from = this.#used.get(point.key) ?? 0;
    const wanted = purpose === Purpose.REFERENCE ? 0 : Math.max(1, protocol.launches * protocol.repetitions);
    const given = handedOut(point).slice(from, from + wanted);
    const failedAt = given.findIndex(({ outcome }) => outcome !== "ok");
    const taken = failedAt < 0 ? given : given.slice(0, failedAt + 1);
    this.#used.set(point.key, from + taken.length);
    this.#repetitions += taken.length;
    const seconds = taken.reduce((sum, one) => sum + (one.seconds ?? 0), 0);
    this.#seconds += seconds;
    const failed = failedAt < 0 ? undefined : given[failedAt];
    if (failed?.outcome === "oom") this.#oomTrials += 1;
    return {
      configuration,
      purpose,
      state: failed ? "failed" : "done",
      failureClass: failed && failed.outcome !== "ok" ? FAILURES[failed.outcome] : null,
      samples: taken.filter(({ outcome }) => outcome === "ok").map((one) => sampleOf(configuration, one)),
      wanted,
      elapsedMs: seconds * 1000,
    };
  }

  /** What was used so far; trials count distinct configurations. */
  usage(): Usage {
    return {
      trials: this.#used.size,
      repetitions: this.#repetitions,
      seconds: this.#seconds,
      oomTrials: this.#oomTrials,
    };
  }
}
