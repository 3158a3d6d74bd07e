// From blocks to a decision per cell and figure. Pure.
import type { Equivalence } from "@ozone/shared/statistics/equivalence";
import { holm } from "@ozone/shared/statistics/holm";
import { median } from "@ozone/shared/statistics/median";
import { pairedEquivalence } from "@ozone/shared/statistics/paired-equivalence";
import { mean } from "@ozone/shared/statistics/spread";

/** Within this share the two measurements count as the same. */
export const MARGIN = 0.03;
export const ALPHA = 0.05;

/** A test of one figure in one cell: one logarithm of agent over independent per launch. */
export interface CellRatios {
  readonly name: string;
  readonly logRatios: readonly number[];
}

/** Its decision, among all the others. */
export interface CellDecision extends Equivalence {
  readonly name: string;
  readonly n: number;
  /** p after Holm over all cells. */
  readonly holmP: number;
  /** Shown with all cells taken together. */
  readonly equivalent: boolean;
  readonly standing: "equivalent" | "different" | "undecided";
}

/** Logarithm of agent over independent in one block A B B A: drift that is even in time falls out. */
export function blockLogRatio(agent: readonly number[], independent: readonly number[]): number {
  return mean(agent.map(Math.log)) - mean(independent.map(Math.log));
}

/**
 * The value of a launch is the middle of its blocks, so that one disturbed block does not move it. Launches, not
 * samples, are what is counted: samples of one load share its memory layout.
 */
export const launchLogRatio = (blockLogRatios: readonly number[]): number => median(blockLogRatios);

/**
 * Two one-sided tests per cell, Holm over all. `different`: the whole interval lies beyond the margin; what is neither
 * is `undecided`, by noise or by a bias near the margin.
 */
export function decide(cells: readonly CellRatios[]): CellDecision[] {
  const tests = cells.map(({ logRatios }) => pairedEquivalence(logRatios, { margin: MARGIN, alpha: ALPHA }));
  const adjusted = holm(tests.map(({ p }) => p));
  return cells.map(({ name, logRatios }, at) => {
    const test = tests[at];
    const holmP = adjusted[at];
    if (test === undefined || holmP === undefined) throw new RangeError(`no test for ${name}`);
    const equivalent = holmP < ALPHA;
    const standing = equivalent ? "equivalent" : isBeyond(test) ? "different" : "undecided";
    return { ...test, name, n: logRatios.length, holmP, equivalent, standing };
  });
}

const isBeyond = ({ ratioLow, ratioHigh }: Equivalence): boolean =>
  ratioLow > 1 + MARGIN || ratioHigh < 1 / (1 + MARGIN);
