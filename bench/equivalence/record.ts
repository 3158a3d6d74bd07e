// What was measured in a cell, and which of it counts. Pure.
import type { Cell, Figure, Rates } from "./cells.ts";
import { blockLogRatio, launchLogRatio } from "./decide.ts";

/** Two samples of either side, taken in the order A B B A, A being the agent. */
export interface Block {
  readonly agent: readonly [Rates, Rates];
  readonly independent: readonly [Rates, Rates];
  /** CPU use by others meanwhile; null where it can't be seen. */
  readonly foreignCores: number | null;
}

/** A fresh load on either side. */
export interface Launch {
  readonly blocks: readonly Block[];
  /** Blocks in which a sample of the agent had failed a check of its own certificate. */
  readonly refusedBlocks: number;
}

/** A launch, and what llama-bench gave right after it where it was asked. */
export interface Round extends Launch {
  readonly llamaBench: Rates | null;
}

/** All that was measured in a cell, in order. */
export interface CellRecord {
  readonly cell: Cell;
  readonly rounds: Round[];
}

/** Others may use this much of a core during a block; clock ticks show no less than a few hundredths. */
const FOREIGN_CORES_MAX = 0.2;

/** With fewer quiet launches than this all count, and the finding says that the machine was busy. */
const QUIET_LAUNCHES_MIN = 5;

const isQuiet = ({ foreignCores }: Block): boolean => (foreignCores ?? 0) <= FOREIGN_CORES_MAX;

/** Launches of a cell with at least one block during which others left the machine alone. */
export const quietLaunches = ({ rounds }: CellRecord): number =>
  rounds.filter(({ blocks }) => blocks.some(isQuiet)).length;

/**
 * The blocks that count, launch by launch. A busy machine is a cause outside of both sides, seen without looking at
 * their rates; blocks of such moments are left out where enough others remain.
 */
export function countedBlocks(record: CellRecord): { quiet: boolean; launches: readonly Block[][] } {
  const quiet = quietLaunches(record) >= QUIET_LAUNCHES_MIN;
  const launches = record.rounds.map(({ blocks }) => blocks.filter((block) => !quiet || isQuiet(block)));
  return { quiet, launches: launches.filter((blocks) => blocks.length > 0) };
}

/** One logarithm of agent over independent per launch that counts. */
export const launchRatios = (record: CellRecord, figure: Figure): number[] =>
  countedBlocks(record).launches.map((blocks) =>
    launchLogRatio(
      blocks.map(({ agent, independent }) =>
        blockLogRatio(
          agent.map((rates) => rates[figure]),
          independent.map((rates) => rates[figure]),
        ),
      ),
    ),
  );
