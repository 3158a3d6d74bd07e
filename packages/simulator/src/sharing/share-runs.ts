// One search by 1, 2, 4, 8 equal simulated machines, and by a class with one slower machine: how long each took, and
// what its presets lose. Pure: the same arguments, the same figures.
import { chooseFinalists } from "@ozone/coordinator/search/finalists";
import { strategyNamed } from "@ozone/coordinator/search/strategies";
import type { Strategy } from "@ozone/coordinator/search/strategy";
import { configurationKey } from "@ozone/shared/configuration";
import { OBJECTIVES, type ObjectiveFigures } from "@ozone/shared/objective";
import { configurationOf } from "../grids/recorded-grid.ts";
import { published, startState } from "../replay/replay.ts";
import { pointIn } from "../replay/replayer.ts";
import { bestOf, regretOf, truthOf } from "../replay/truth.ts";
import { type MadeClass, machinesOfClass } from "./made-class.ts";
import { type ClassRun, runClass } from "./run-class.ts";

/** One preset of one run. */
export interface PresetCell {
  readonly purpose: string;
  /** What it loses to the best of the grid. */
  readonly regret: number;
  /** What it loses to the preset of one machine alone with the same seed; below zero: it gains. */
  readonly behindAlone: number;
}

/** One run of one class. */
export interface ShareRun {
  readonly strategy: string;
  readonly k: number;
  readonly className: string;
  readonly seed: string;
  readonly seconds: number;
  /** Time of one machine alone over this time. */
  readonly sooner: number;
  readonly trials: number;
  readonly outOfMemory: number;
  readonly odd: readonly string[];
  /** What is said of each of them. */
  readonly oddWords: readonly string[];
  readonly cells: readonly PresetCell[];
}

/** How much slower the odd machine is. */
export const ODD_SLOWER = 0.25;
/** Size of the class with an odd machine. */
export const ODD_CLASS = 4;

type Choices = readonly (ObjectiveFigures | null)[];

function choicesOf({ grid, truth }: MadeClass, { seen }: ClassRun): Choices {
  const base = configurationKey(configurationOf({}, grid.header.defaults));
  const leaders = chooseFinalists(published(seen), base);
  return OBJECTIVES.map(({ purpose }) => {
    const chosen = leaders.find(({ leadsFor }) => leadsFor.includes(purpose));
    return chosen ? truthOf(pointIn(truth, chosen.configuration), purpose) : null;
  });
}

const behind = (purpose: string, here: ObjectiveFigures | null, there: ObjectiveFigures | null): number => {
  const loss = regretOf(purpose, here, there);
  return loss > 0 ? loss : -regretOf(purpose, there, here);
};

interface Alone {
  readonly seconds: number;
  readonly choices: Choices;
}

interface Asked {
  readonly strategy: Strategy;
  readonly made: MadeClass;
  readonly seed: string;
  readonly k: number;
  readonly slower?: number;
}

const runOf = ({ strategy, made, seed, k, slower }: Asked): ClassRun =>
  runClass(strategy, startState(made.grid, { seed, trialsMax: 0 }), machinesOfClass(made, k, seed, slower));

function judge({ strategy, made, seed, k }: Asked, run: ClassRun, alone: Alone): ShareRun {
  const choices = choicesOf(made, run);
  return {
    strategy: strategy.name,
    k,
    className: made.name,
    seed,
    seconds: run.seconds,
    sooner: alone.seconds / run.seconds,
    trials: run.observations.length,
    outOfMemory: run.observations.filter(({ failureClass }) => failureClass?.startsWith("out_of_memory"))
      .length,
    odd: run.pool.odd.map(({ machine }) => machine),
    oddWords: run.pool.odd.map(({ words }) => words),
    cells: OBJECTIVES.map((objective, index) => ({
      purpose: objective.purpose,
      regret: regretOf(objective.purpose, choices[index] ?? null, bestOf(made.truth, objective)),
      behindAlone: behind(objective.purpose, choices[index] ?? null, alone.choices[index] ?? null),
    })),
  };
}

/** What is run. */
export interface ShareQuestion {
  readonly strategy: string;
  readonly seeds: readonly string[];
  readonly ks: readonly number[];
}

/** All runs of a strategy over these classes. */
export interface ShareRuns {
  readonly equal: readonly ShareRun[];
  /** One machine alone with another seed, held against it: how far apart presets lie that owe nothing to sharing. */
  readonly otherSeed: readonly ShareRun[];
  /** Classes whose last machine is slower. */
  readonly odd: readonly ShareRun[];
}

/** @throws RangeError for a strategy that can't be shared. */
export function shareRuns(
  classes: Iterable<MadeClass>,
  { strategy: name, seeds, ks }: ShareQuestion,
): ShareRuns {
  const strategy = strategyNamed(name);
  if (!strategy) throw new RangeError(`There is no strategy ${name}.`);
  const runs = { equal: [] as ShareRun[], otherSeed: [] as ShareRun[], odd: [] as ShareRun[] };
  for (const made of classes) {
    for (const seed of seeds) {
      const asked = { strategy, made, seed };
      const first = runOf({ ...asked, k: 1 });
      const alone = { seconds: first.seconds, choices: choicesOf(made, first) };
      for (const k of ks) {
        const run = k === 1 ? first : runOf({ ...asked, k });
        runs.equal.push(judge({ ...asked, k }, run, alone));
      }
      const other = { ...asked, seed: `${seed} other`, k: 1 };
      runs.otherSeed.push(judge(other, runOf(other), alone));
      const odd = { ...asked, k: ODD_CLASS, slower: ODD_SLOWER };
      runs.odd.push(judge(odd, runOf(odd), alone));
    }
  }
  return runs;
}
