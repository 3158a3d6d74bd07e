// Equal machines that do not exist: K of one made or recorded machine, each with noise and small factors of its own.
import { seededRandom } from "@ozone/shared/statistics/seeded-random";
import { parseGrid, type RecordedGrid } from "../grids/recorded-grid.ts";
import { writeGrid } from "../grids/write-grid.ts";
import { madeNamed } from "../replay/evaluate.ts";
import { type OwnFactors, SimulatedMachine } from "./simulated-machine.ts";

/** Standard deviation of a machine's own factors, on the logarithm: equal machines differ by a few per cent. */
export const OWN_DEVIATION = 0.02;
/** Repetitions of a made machine; half of them are handed out. */
const REPETITIONS = 12;

/** A class: the grid that its machines are made from, what choices are judged by, and a machine by its number. */
export interface MadeClass {
  readonly name: string;
  readonly grid: RecordedGrid;
  /** What its choices are judged by. */
  readonly truth: RecordedGrid;
  readonly gridOf: (machine: number) => RecordedGrid;
}

/** A made machine: every copy draws its own repetitions, and the truth has no noise. */
export function madeClass(name: string): MadeClass {
  const { made, random } = madeNamed(name);
  const known = new Map<number, RecordedGrid>();
  const gridOf = (machine: number): RecordedGrid => {
    const grid =
      known.get(machine) ??
      parseGrid(writeGrid({ ...made, repetitions: REPETITIONS }, random.fork(`copy ${machine}`)));
    known.set(machine, grid);
    return grid;
  };
  const quiet = { ...made, noise: 0, spikes: { chance: 0, depth: 0 }, repetitions: 2 };
  return { name, grid: gridOf(1), truth: parseGrid(writeGrid(quiet, random.fork("truth"))), gridOf };
}

/** A recorded machine: the copies hand out the same repetitions, each in an order of its own. */
export const recordedClass = (name: string, grid: RecordedGrid): MadeClass => ({
  name,
  grid,
  truth: grid,
  gridOf: () => grid,
});

function ownFactors(seed: string): OwnFactors {
  const { next } = seededRandom(`own factors/${seed}`);
  // The sum of twelve draws is as good as normal.
  const deviate = (): number => Array.from({ length: 12 }, next).reduce((sum, one) => sum + one, -6);
  return { decode: Math.exp(OWN_DEVIATION * deviate()), ttft: Math.exp(OWN_DEVIATION * deviate()) };
}

/**
 * K machines of a class.
 * @param slower the last of them is so much slower in everything: 0.25 is 25 %.
 */
export function machinesOfClass(
  made: MadeClass,
  count: number,
  seed: string,
  slower = 0,
): SimulatedMachine[] {
  return Array.from({ length: count }, (_, index) => {
    const name = `m${index + 1}`;
    const own = ownFactors(`${seed}/${made.name}/${name}`);
    const rate = index === count - 1 ? 1 - slower : 1;
    const factors = { decode: own.decode * rate, ttft: own.ttft / rate };
    return new SimulatedMachine(name, made.gridOf(index + 1), { own: factors, seed });
  });
}
