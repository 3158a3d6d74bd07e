// The state of a search as a plug-in strategy sees it: plain data in names of our own, so that a plug-in imports nothing
// and a change of the wire format does not break it. docs/plug-in-strategies.md describes it; version 1.
import { type Configuration, Purpose } from "@ozone/proto/configuration";
import type { Sample } from "@ozone/proto/trial";
import {
  DIMENSION_FIELDS,
  type DimensionName,
  dimensionsOf,
  isDimensionName,
} from "@ozone/shared/configuration";
import { median } from "@ozone/shared/statistics/median";
import { baseConfiguration } from "../option-space.ts";
import type { Observation, SearchState } from "../strategy.ts";

/** The version of the interface. A change that could break a plug-in is a new one. */
export const PLUG_IN_API_VERSION = 1;

/** One value of a dimension. */
export type PlugInValue = number | string;

/** The values that the sweep gives for its dimensions, by Ollama's names; those it does not give are left out. */
export function givenValues({ matrix }: SearchState): Map<DimensionName, PlugInValue[]> {
  const names = Object.keys(DIMENSION_FIELDS).filter(isDimensionName);
  return new Map(
    names.flatMap((name): [DimensionName, PlugInValue[]][] => {
      const values: readonly PlugInValue[] = matrix[DIMENSION_FIELDS[name]];
      return values.length > 0 ? [[name, [...new Set(values)]]] : [];
    }),
  );
}

/** What 0 stands for in our own messages: not known. */
const known = (value: number): number | null => (value > 0 ? value : null);

const configOf = (point: Configuration) => ({ ...dimensionsOf(point), concurrency: point.concurrency });

const sampleOf = (sample: Sample) => ({
  decodeTokensPerSecond: sample.decodeTokensPerSecond ?? null,
  prefillTokensPerSecond: sample.prefillTokensPerSecond ?? null,
  ttftMs: sample.ttftMs ?? null,
  totalMs: sample.totalMs,
  promptTokens: sample.promptTokens,
  generatedTokens: sample.generatedTokens,
});

type Figure = "decodeTokensPerSecond" | "prefillTokensPerSecond" | "ttftMs";

function medianOf(samples: readonly Sample[], figure: Figure): number | null {
  const values = samples.flatMap((sample) => sample[figure] ?? []);
  return values.length > 0 ? median(values) : null;
}

function observationOf(one: Observation) {
  const { configuration, purpose, state, failureClass, samples, wanted, elapsedMs } = one;
  return {
    config: configOf(configuration),
    purpose: purpose === Purpose.CONFIRM ? "confirm" : "screen",
    state,
    failure: failureClass,
    wantedSamples: wanted,
    elapsedMs,
    medians: {
      decodeTokensPerSecond: medianOf(samples, "decodeTokensPerSecond"),
      prefillTokensPerSecond: medianOf(samples, "prefillTokensPerSecond"),
      ttftMs: medianOf(samples, "ttftMs"),
    },
    samples: samples.map(sampleOf),
  };
}

/** Measuring time so far, the coordinator's own drift references included. */
export const spentMs = ({ observations }: SearchState): number =>
  observations.reduce((sum, { elapsedMs }) => sum + elapsedMs, 0);

/** The state as plain data. Drift references are the coordinator's own business and are left out. */
export function plugInState(search: SearchState) {
  const { protocol, model, machine } = search;
  const base = configOf(baseConfiguration(search));
  return {
    apiVersion: PLUG_IN_API_VERSION,
    seed: search.seed,
    trialsMax: known(search.trialsMax),
    budgetMs: known(search.budgetMs),
    spentMs: spentMs(search),
    default: base,
    matrix: {
      ...Object.fromEntries(Object.entries(base).map(([name, value]) => [name, [value]])),
      ...Object.fromEntries(givenValues(search)),
    },
    protocol: {
      fill: protocol.fill,
      repetitions: Math.max(1, protocol.repetitions),
      launches: Math.max(1, protocol.launches),
      managed: protocol.managed,
    },
    model: {
      trainedContext: known(model.trainedContext),
      weightBytes: known(model.weightBytes),
      kvBytesPerToken: known(model.kvBytesPerToken),
    },
    machine: { ...machine },
    observations: search.observations
      .filter(({ purpose }) => purpose !== Purpose.REFERENCE)
      .map(observationOf),
  };
}

/** What `next(state)` of a plug-in is given. */
export type PlugInState = ReturnType<typeof plugInState>;
