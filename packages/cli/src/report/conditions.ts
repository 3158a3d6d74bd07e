// Under which conditions a set of results came about, per machine, as counts and ranges. Pure.
import type { Engine } from "@ozone/proto/machine";
import type { TrialResult } from "@ozone/proto/trial";

/** What a reader must know about one machine's share of a report. */
export interface ConditionRow {
  readonly machineId: string;
  readonly engines: readonly Engine[];
  readonly attempts: number;
  /** Attempts during which other programs used the machine. */
  readonly contendedAttempts: number;
  /** Smallest and largest share of the context that was asked to be filled; null when no attempt says. */
  readonly fill: { readonly from: number; readonly to: number } | null;
  /** Attempts inside a time box, as the quick strategy uses it. */
  readonly timeBoxedAttempts: number;
  readonly quantizations: readonly string[];
  readonly powerSources: readonly string[];
  /** Highest load average seen at the start of an attempt; null when no attempt says. */
  readonly loadAverageMax: number | null;
}

/** One row per machine, in the order of their ids. */
export function conditionRows(results: readonly TrialResult[]): ConditionRow[] {
  const ids = [...new Set(results.map(({ machineId }) => machineId))].sort();
  return ids.map((machineId) =>
    conditionsOf(
      machineId,
      results.filter((result) => result.machineId === machineId),
    ),
  );
}

function conditionsOf(machineId: string, results: readonly TrialResult[]): ConditionRow {
  const conditions = results.flatMap((result) => result.conditions ?? []);
  const fills = results.flatMap(({ protocol }) => protocol?.fill ?? []);
  const loads = conditions.flatMap(({ loadAverage }) => loadAverage ?? []);
  const engines = new Map(
    conditions.flatMap(({ engine }) => (engine ? [[`${engine.kind} ${engine.version}`, engine]] : [])),
  );
  return {
    machineId,
    engines: [...engines.values()],
    attempts: results.length,
    contendedAttempts: conditions.filter(({ contended }) => contended).length,
    fill: fills.length > 0 ? { from: Math.min(...fills), to: Math.max(...fills) } : null,
    timeBoxedAttempts: results.filter(({ protocol }) => protocol?.timeBoxed).length,
    quantizations: distinct(conditions.map(({ quantization }) => quantization)),
    powerSources: distinct(conditions.map(({ powerSource }) => powerSource)),
    loadAverageMax: loads.length > 0 ? Math.max(...loads) : null,
  };
}

const distinct = (texts: readonly string[]): string[] =>
  [...new Set(texts.filter((text) => text !== ""))].sort();
