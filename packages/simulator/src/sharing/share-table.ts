// The runs of simulated classes as one line for each number of machines, held against the goals. Pure.
import { medianInterval } from "@ozone/shared/statistics/interval";
import { quantile } from "@ozone/shared/statistics/median";
import { ODD_CLASS, type ShareRun, type ShareRuns } from "./share-runs.ts";

const WITHIN = 0.02;

/** How much sooner K equal machines should have presets, as a share of K (search.md). */
export function goalFor(strategy: string, k: number): number {
  if (k === 1) return 1;
  if (strategy === "grid") return 0.9;
  // 0.85 at 2 and 0.6 at 8, falling by as much with each doubling.
  return 0.85 - (0.25 * (Math.log2(k) - 1)) / 2;
}

/** Figures over all runs with one number of machines. */
export interface ShareLine {
  readonly strategy: string;
  readonly machines: number;
  readonly runs: number;
  /** Median time to presets, by the virtual clock. */
  readonly seconds: number;
  /** How many times sooner than one machine alone: median, its 95 % interval (null: too few runs), 10th percentile. */
  readonly sooner: number;
  readonly soonerLow: number | null;
  readonly soonerHigh: number | null;
  readonly soonerP10: number;
  readonly shareOfMachines: number;
  readonly goal: number;
  readonly goalMet: boolean;
  readonly presets: number;
  /** Share of the presets that lie within 2 % of those of one machine alone, and share that are not 2 % worse. */
  readonly tied: number;
  readonly notWorse: number;
  /** Share within 2 % of the grid's best, and the 90th percentile of what is lost to it. */
  readonly withinOfBest: number;
  readonly regretP90: number;
  readonly outOfMemoryPer25: number;
  /** Machines that were called odd. */
  readonly odd: number;
}

const shareOf = <Item>(items: readonly Item[], holds: (item: Item) => boolean): number =>
  items.filter(holds).length / Math.max(1, items.length);

/** One line from at least one run; of `useful` machines, where not all of them can be. */
export function shareLine(runs: readonly ShareRun[], useful = runs[0]?.k ?? 1): ShareLine {
  const { strategy = "", k = 1 } = runs[0] ?? {};
  const cells = runs.flatMap((run) => run.cells);
  const sooner = medianInterval(runs.map((run) => run.sooner));
  const sum = (of: (run: ShareRun) => number) => runs.reduce((total, run) => total + of(run), 0);
  const goal = goalFor(strategy, useful);
  return {
    strategy,
    machines: k,
    runs: runs.length,
    seconds: quantile(
      runs.map(({ seconds }) => seconds),
      0.5,
    ),
    sooner: sooner.median,
    soonerLow: sooner.ciLow,
    soonerHigh: sooner.ciHigh,
    soonerP10: quantile(
      runs.map((run) => run.sooner),
      0.1,
    ),
    shareOfMachines: sooner.median / useful,
    goal,
    goalMet: sooner.median / useful >= goal,
    presets: cells.length,
    tied: shareOf(cells, ({ behindAlone }) => Math.abs(behindAlone) <= WITHIN),
    notWorse: shareOf(cells, ({ behindAlone }) => behindAlone <= WITHIN),
    withinOfBest: shareOf(cells, ({ regret }) => regret <= WITHIN),
    regretP90: quantile(
      cells.map(({ regret }) => regret),
      0.9,
    ),
    outOfMemoryPer25:
      (25 * sum(({ outOfMemory }) => outOfMemory)) /
      Math.max(
        1,
        sum(({ trials }) => trials),
      ),
    odd: sum(({ odd }) => odd.length),
  };
}

/** What `ozone-sim share` prints of one strategy. */
export interface ShareDocument {
  readonly strategy: string;
  readonly equal: readonly ShareLine[];
  readonly otherSeed: ShareLine;
  /** Classes of which the last machine is slower: flagged rightly, and others flagged wrongly. */
  readonly odd: ShareLine & { readonly found: number; readonly wrong: number; readonly words: string };
}

/** Sums the runs of one strategy up. */
export function shareDocument(strategy: string, { equal, otherSeed, odd }: ShareRuns): ShareDocument {
  const ks = [...new Set(equal.map(({ k }) => k))].sort((a, b) => a - b);
  const isSlower = (run: ShareRun) => (name: string) => name === `m${run.k}`;
  return {
    strategy,
    equal: ks.map((k) => shareLine(equal.filter((run) => run.k === k))),
    otherSeed: shareLine(otherSeed),
    odd: {
      ...shareLine(odd, ODD_CLASS - 1),
      words: odd.flatMap((run) => run.oddWords)[0] ?? "",
      found: odd.filter((run) => run.odd.some(isSlower(run))).length,
      wrong: odd.reduce((sum, run) => sum + run.odd.filter((name) => !isSlower(run)(name)).length, 0),
    },
  };
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

function row(words: string, line: ShareLine): string {
  const interval =
    line.soonerLow === null || line.soonerHigh === null || line.machines === 1
      ? ""
      : ` [${line.soonerLow.toFixed(2)}, ${line.soonerHigh.toFixed(2)}]`;
  return [
    "",
    words,
    `${line.sooner.toFixed(2)}${interval}`,
    line.soonerP10.toFixed(2),
    `${line.shareOfMachines.toFixed(2)} (${line.goal.toFixed(2)})`,
    percent(line.tied),
    percent(line.notWorse),
    percent(line.withinOfBest),
    percent(line.regretP90),
    line.outOfMemoryPer25.toFixed(2),
    `${line.odd} of ${line.machines * line.runs}`,
    "",
  ]
    .join(" | ")
    .trim();
}

/** The document as a Markdown table. */
export function shareText({ strategy, equal, otherSeed, odd }: ShareDocument): string {
  return `${[
    `| ${strategy} | times sooner [95 %] | p10 | per machine (goal) | presets tied | not worse | within 2 % of the best | p90 regret | out of memory per 25 | odd |`,
    "|---|---|---|---|---|---|---|---|---|---|",
    row("1 machine, another seed", otherSeed),
    ...equal.map((line) =>
      row(`${line.machines} equal ${line.machines === 1 ? "machine" : "machines"}`, line),
    ),
    row(`${odd.machines}, the last one 25 % slower`, odd),
    "",
    `n ${equal[0]?.runs ?? 0} runs and ${equal[0]?.presets ?? 0} presets a row; the slower machine was called odd in ${odd.found} of ${odd.runs} runs, another one in ${odd.wrong}. The first of them: "${odd.words}"`,
  ].join("\n")}\n`;
}
