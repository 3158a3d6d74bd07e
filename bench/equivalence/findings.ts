// From records to findings: one for all cells together, one per cell and figure, and what llama-bench says. Pure.
import { median } from "@ozone/shared/statistics/median";
import { pairedEquivalence } from "@ozone/shared/statistics/paired-equivalence";
import type { Finding } from "../claim.ts";
import { cellName, FIGURES, type Figure } from "./cells.ts";
import { type CellDecision, decide } from "./decide.ts";
import { type CellRecord, countedBlocks, launchRatios } from "./record.ts";

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
  return [
    togetherOf(decisions, records),
    ...series.map((one, at) => cellFinding(one, decisions[at] as CellDecision)),
    ...series.flatMap(llamaBenchFinding),
  ];
}

const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);

function togetherOf(decisions: readonly CellDecision[], records: readonly CellRecord[]): Finding {
  const shown = decisions.filter(({ equivalent }) => equivalent).length;
  const rest = decisions.filter(({ equivalent }) => !equivalent);
  const rounds = records.flatMap((record) => record.rounds);
  const all = sum(rounds.map(({ blocks }) => blocks.length));
  const counted = sum(records.map((record) => sum(countedBlocks(record).launches.map((one) => one.length))));
  const refused = sum(rounds.map(({ refusedBlocks }) => refusedBlocks));
  return {
    name: "equivalence",
    value: shown,
    unit: "cells",
    goal: { least: decisions.length },
    low: null,
    high: null,
    n: decisions.length,
    detail: [
      "equivalent within 3 % after Holm at 5 %",
      ...rest.map(({ name, standing }) => `${name} is ${standing}`),
      `${counted} blocks of two samples a side count, ${all - counted} left out because others used the machine, ${refused} because the agent refused a sample`,
    ].join("; "),
  };
}

function cellFinding({ figure, record }: Series, decision: CellDecision): Finding {
  const { quiet, launches } = countedBlocks(record);
  const side = (name: "agent" | "independent"): string => {
    const rates = launches.flatMap((blocks) =>
      blocks.flatMap((block) => block[name].map((one) => one[figure])),
    );
    return `${name} ${median(rates).toFixed(0)} t/s (median of ${rates.length} samples)`;
  };
  const busy = quiet ? "" : ", others used the machine meanwhile";
  return {
    name: `equivalence_${decision.name}`,
    value: decision.ratio,
    unit: "agent / independent",
    goal: { least: 0.97, most: 1.03 },
    low: decision.ratioLow,
    high: decision.ratioHigh,
    n: decision.n,
    detail: `${decision.standing}${busy}; 90 % interval over launches, p after Holm ${decision.holmP.toPrecision(2)}; ${side("agent")}, ${side("independent")}`,
  };
}

/** Informative: another build of llama.cpp, asked in turns with the launches. */
function llamaBenchFinding({ name, figure, record }: Series): Finding[] {
  const pairs = record.rounds.flatMap(({ blocks, llamaBench }) => {
    if (blocks.length === 0 || llamaBench === null) return [];
    const agent = median(blocks.flatMap((block) => block.agent.map((rates) => rates[figure])));
    return [{ logRatio: Math.log(agent / llamaBench[figure]), theirs: llamaBench[figure] }];
  });
  if (pairs.length < 2) return [];
  const { ratio, ratioLow, ratioHigh } = pairedEquivalence(pairs.map(({ logRatio }) => logRatio));
  const theirs = median(pairs.map((pair) => pair.theirs)).toFixed(0);
  return [
    {
      name: `llama_bench_${name}`,
      value: ratio,
      unit: "agent / llama-bench",
      goal: {},
      low: ratioLow,
      high: ratioHigh,
      n: pairs.length,
      detail: `another build of llama.cpp; 90 % interval over launches, busy moments included; llama-bench ${theirs} t/s`,
    },
  ];
}
