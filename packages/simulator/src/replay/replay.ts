// Replays one grid with one strategy: the shipped decision code, on repetitions that were recorded. Pure.
import { create } from "@bufbuild/protobuf";
import { chooseFinalists } from "@ozone/coordinator/search/finalists";
import { strategyNamed } from "@ozone/coordinator/search/strategies";
import type { Observation, SearchState, SearchStep, Strategy } from "@ozone/coordinator/search/strategy";
import { ProtocolSchema, Purpose } from "@ozone/proto/configuration";
import { type Matrix, MatrixSchema } from "@ozone/proto/sweep";
import { configurationKey, DIMENSION_FIELDS, type DimensionName } from "@ozone/shared/configuration";
import { OBJECTIVES } from "@ozone/shared/objective";
import { configurationOf, type GridConfig, type RecordedGrid, settingOf } from "../grids/recorded-grid.ts";
import { Replayer, type Usage } from "./replayer.ts";
import { bestOf, regretOf, truthOf } from "./truth.ts";

/** The outcome for one objective. */
export interface ReplayedPreset {
  readonly config: GridConfig | null;
  readonly trials: number;
  /** Share lost to the grid's best; 0.02 is 2 %. */
  readonly regret: number;
}

/** The outcome of one replay. */
export interface Replayed {
  readonly presets: Readonly<Record<string, ReplayedPreset>>;
  readonly usage: Usage;
}

const STEPS_MAX = 100_000;

function matrixOf({ header }: RecordedGrid): Matrix {
  const values: Record<string, (number | string)[]> = {};
  for (const [name, given] of Object.entries(header.dimensions)) {
    const settings = given.map((one) => {
      const point = configurationOf({ [name]: one }, header.defaults);
      return point[DIMENSION_FIELDS[name as DimensionName]] ?? settingOf(one);
    });
    values[DIMENSION_FIELDS[name as DimensionName]] = settings;
  }
  return create(MatrixSchema, values);
}

/** The state of a search on a grid before its first trial. */
export function startState(
  grid: RecordedGrid,
  { seed, trialsMax, peers = [] }: Omit<ReplayOptions, "strategy">,
): SearchState {
  const { machine, model, defaults } = grid.header;
  const base = configurationOf({}, defaults);
  return {
    matrix: matrixOf(grid),
    protocol: create(ProtocolSchema, { fill: 0.9, repetitions: 1, launches: 1 }),
    budgetMs: 0,
    trialsMax,
    seed,
    base,
    peers: peers.map((config) => configurationOf(config, defaults)),
    model: {
      trainedContext: model.trainedContext ?? 0,
      weightBytes: model.weightBytes,
      // Keys and values, two bytes each at f16.
      kvBytesPerToken: 2 * 2 * model.layers * model.kvHeads * model.headDim,
    },
    machine: {
      defaultThreads: base.numThread ?? null,
      physicalCores: machine.cores,
      logicalCores: machine.cores,
      memoryBytes: machine.memoryBytes + (machine.gpu?.memoryBytes ?? 0),
    },
    observations: [],
  };
}

/** What to replay with. */
export interface ReplayOptions {
  readonly strategy: string;
  readonly seed: string;
  /** 0: as the strategy thinks fit. */
  readonly trialsMax: number;
  /** What the presets of peers would be, as this grid writes configurations; one that it lacks is left out. */
  readonly peers?: readonly GridConfig[];
  /** What the choices are judged by, where it is not the grid's own repetitions: the same configurations, better known. */
  readonly truth?: RecordedGrid;
}

/** A search that is over. */
interface Searched {
  readonly observations: readonly Observation[];
  readonly truth: RecordedGrid;
  readonly replayer: Replayer;
}

function presetsOf(grid: RecordedGrid, { observations, truth, replayer }: Searched) {
  const base = configurationKey(configurationOf({}, grid.header.defaults));
  const leaders = chooseFinalists(published(observations), base);
  return Object.fromEntries(
    OBJECTIVES.map((objective): [string, ReplayedPreset] => {
      const chosen = leaders.find(({ leadsFor }) => leadsFor.includes(objective.purpose));
      const point = chosen ? replayer.pointOf(chosen.configuration) : null;
      const judged = point && (truth.points.get(point.key) ?? point);
      const regret = regretOf(
        objective.purpose,
        judged ? truthOf(judged, objective.purpose) : null,
        bestOf(truth, objective),
      );
      return [objective.purpose, { config: point?.config ?? null, trials: replayer.usage().trials, regret }];
    }),
  );
}

/** A configuration that failed as often as it worked is no preset. */
function reliable(observations: readonly Observation[]): Observation[] {
  const failed = new Set(
    observations
      .filter(({ failureClass }) => failureClass !== null)
      .map(({ configuration }) => configurationKey(configuration)),
  );
  return observations.filter(({ configuration }) => !failed.has(configurationKey(configuration)));
}

/**
 * What presets may be chosen from: of what is reliable only what was confirmed, unless nothing was
 * (presets/choose-preset.ts in the coordinator).
 */
export function published(all: readonly Observation[]): readonly Observation[] {
  const observations = reliable(all);
  const confirmed = new Set(
    observations
      .filter(({ purpose }) => purpose === Purpose.CONFIRM)
      .map(({ configuration }) => configurationKey(configuration)),
  );
  const proven = observations.filter(({ configuration }) => confirmed.has(configurationKey(configuration)));
  return proven.some(({ samples }) => samples.length > 0) ? proven : observations;
}

/** A replay that hands out its state and is given the next step, by whomever. */
function* replaying(
  grid: RecordedGrid,
  options: ReplayOptions,
): Generator<SearchState, Replayed, SearchStep> {
  const replayer = new Replayer(grid);
  let state = startState(grid, options);
  for (let step = 0; step < STEPS_MAX; step += 1) {
    const { trials } = yield state;
    if (trials.length === 0) {
      const { observations } = state;
      const presets = presetsOf(grid, { observations, truth: options.truth ?? grid, replayer });
      return { presets, usage: replayer.usage() };
    }
    state = {
      ...state,
      observations: [...state.observations, ...trials.map((trial) => replayer.run(trial))],
    };
  }
  throw new RangeError(`The strategy ${options.strategy} did not end within ${STEPS_MAX} steps.`);
}

/**
 * Replays a strategy of our own.
 * @throws RangeError for an unknown strategy, a configuration that the grid lacks, or a search without end.
 */
export function replay(grid: RecordedGrid, options: ReplayOptions): Replayed {
  const strategy = strategyNamed(options.strategy);
  if (!strategy) throw new RangeError(`There is no strategy ${options.strategy}.`);
  return replayStrategy(grid, options, strategy);
}

/** Replays a strategy at hand, whatever its name. @throws as `replay` does. */
export function replayStrategy(grid: RecordedGrid, options: ReplayOptions, strategy: Strategy): Replayed {
  const steps = replaying(grid, options);
  let turn = steps.next();
  while (!turn.done) turn = steps.next(strategy.next(turn.value));
  return turn.value;
}

/** Asks a search for its next step. */
export type AskStep = (state: SearchState) => Promise<SearchStep>;

/** Replays whatever answers: a strategy that lives elsewhere. @throws what it throws, and as `replay` does. */
export async function replayAsking(
  grid: RecordedGrid,
  options: ReplayOptions,
  ask: AskStep,
): Promise<Replayed> {
  const steps = replaying(grid, options);
  let turn = steps.next();
  while (!turn.done) turn = steps.next(await ask(turn.value));
  return turn.value;
}
