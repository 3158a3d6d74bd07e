// From launches to findings: one per cell and figure, one for all of them together, and what llama-bench says. Pure.
import { median } from "@ozone/shared/statistics/median";
import { pairedEquivalence } from "@ozone/shared/statistics/paired-equivalence";
import type { Finding } from "../claim.ts";
import { type Cell, cellName, FIGURES, type Figure, type Rates } from "./cells.ts";
import { blockLogRatio, type CellDecision, decide, launchLogRatio } from "./decide.ts";
import type { Launch } from "./launch.ts";

/** All that was measured in a cell. */
export interface CellRecord {
  readonly cell: Cell;
  readonly launches: Launch[];
  /** One per run of llama-bench; empty where there is none. */
  readonly llamaBench: Rates[];
}

interface Series {
  readonly name: string;
  readonly figure: Figure;
  readonly record: CellRecord;
}

/** The findings of the claim. */
export function findingsOf(records: readonly CellRecord[]): Finding[] {
  const series = records.flatMap((record) =>
    FIGURES.map((figure): Series => ({ name: `${figure}_${cellName(record.cell)}`, figure, record })),
  );
  const decisions = decide(
    series.map(({ name, figure, record }) => ({ name, logRatios: launchRatios(record, figure) })),
  );
  const details = series.map((one) => `${sideText(one, "agent")}, ${sideText(one, "independent")}`);
  return [
    togetherOf(decisions, records),
    ...decisions.map((decision, at) => cellFinding(decision, details[at] ?? "")),
    ...series.filter(({ record }) => record.llamaBench.length >= 2).map(llamaBenchFinding),
  ];
}

function launchRatios({ launches }: CellRecord, figure: Figure): number[] {
  return launches
    .filter(({ blocks }) => blocks.length > 0)
    .map(({ blocks }) =>
      launchLogRatio(
        blocks.map(({ agent, independent }) =>
          blockLogRatio(
            agent.map((rates) => rates[figure]),
            independent.map((rates) => rates[figure]),
          ),
        ),
      ),
    );
}

function togetherOf(decisions: readonly CellDecision[], records: readonly CellRecord[]): Finding {
  const shown = decisions.filter(({ equivalent }) => equivalent).length;
  const rest = decisions.filter(({ equivalent }) => !equivalent);
  const refused = records.flatMap(({ launches }) => launches.map(({ refusedBlocks }) => refusedBlocks));
  const blocks = records.flatMap(({ launches }) => launches.map((launch) => launch.blocks.length));
  const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);
  const restText = rest.map(({ name, standing }) => `${name} is ${standing}`).join(", ");
  return {
    name: "equivalence",
    value: shown,
    unit: "cells",
    goal: { least: decisions.length },
    low: null,
    high: null,
    n: decisions.length,
    detail: `equivalent within 3 % after Holm at 5 %${restText === "" ? "" : `; ${restText}`}; ${sum(blocks)} blocks of two samples a side, ${sum(refused)} left out because the agent refused a sample`,
  };
}

const cellFinding = (decision: CellDecision, detail: string): Finding => ({
  name: `equivalence_${decision.name}`,
  value: decision.ratio,
  unit: "agent / independent",
  goal: { least: 0.97, most: 1.03 },
  low: decision.ratioLow,
  high: decision.ratioHigh,
  n: decision.n,
  detail: `${decision.standing}, 90 % interval, p after Holm ${decision.holmP.toPrecision(2)}; ${detail}`,
});

function sideText({ figure, record }: Series, side: "agent" | "independent"): string {
  const rates = record.launches.flatMap(({ blocks }) =>
    blocks.flatMap((block) => block[side].map((sample) => sample[figure])),
  );
  return `${side} ${median(rates).toFixed(0)} t/s (median of ${rates.length} samples)`;
}

/** Informative: another build of llama.cpp. Launches and runs of llama-bench alternate; the n-th belong together. */
function llamaBenchFinding({ name, figure, record }: Series): Finding {
  const { launches, llamaBench } = record;
  const ratios = llamaBench.flatMap((rates, at) => {
    const samples =
      launches[2 * at]?.blocks.flatMap(({ agent }) => agent.map((sample) => sample[figure])) ?? [];
    return samples.length === 0 ? [] : [Math.log(median(samples)) - Math.log(rates[figure])];
  });
  const { ratio, ratioLow, ratioHigh } = pairedEquivalence(ratios);
  return {
    name: `llama_bench_${name}`,
    value: ratio,
    unit: "agent / llama-bench",
    goal: {},
    low: ratioLow,
    high: ratioHigh,
    n: ratios.length,
    detail: `another build of llama.cpp, 90 % interval; llama-bench ${median(llamaBench.map((rates) => rates[figure])).toFixed(0)} t/s`,
  };
}
