// Machines of one class should measure the same. Where several have measured a configuration, one that says something else than
// the others is left out: up to half of them, less one half, may lie in whatever way and however often. Pure.
import type { TrialResult } from "@ozone/proto/trial";
import { groupBy } from "@ozone/shared/group-by";
import { median } from "@ozone/shared/statistics/median";
import { usableSamples } from "@ozone/shared/usable-samples";

/** From so many machines on there is a majority to go by (search.md: a class value is that of three). */
export const MACHINES_FOR_A_CLASS = 3;

/** A machine that is further off than this is not like its class (search.md). */
const ALIKE = Math.log(1.1);

/** One machine's word on a configuration: its own medians, however many samples it sent. */
interface Word {
  readonly machineId: string;
  readonly decode: number;
  readonly ttftMs: number;
}

/** A machine that was left out, and its medians over those of the class. */
export interface LeftOut {
  readonly machineId: string;
  readonly decodeRatio: number;
  readonly ttftRatio: number;
}

/** Who may speak for a configuration. */
export interface Agreement {
  readonly kept: ReadonlySet<string>;
  readonly leftOut: readonly LeftOut[];
  /** There were enough machines to tell. */
  readonly isClass: boolean;
}

function wordOf(machineId: string, results: readonly TrialResult[]): Word[] {
  const samples = results.flatMap(usableSamples);
  const decode = samples.flatMap(({ decodeTokensPerSecond }) => decodeTokensPerSecond ?? []);
  const ttft = samples.flatMap(({ ttftMs }) => ttftMs ?? []);
  if (decode.length === 0 || ttft.length === 0) return [];
  return [{ machineId, decode: median(decode), ttftMs: median(ttft) }];
}

/**
 * Who agrees on one configuration. Each machine has one word; those within a tenth of the median of all words are kept, and in
 * any case the majority that is nearest to it: a class whose machines differ honestly keeps more than half of them.
 * @param results usable ones of one configuration
 */
export function agreement(results: readonly TrialResult[]): Agreement {
  const words = [...groupBy(results, ({ machineId }) => machineId)].flatMap(([id, own]) => wordOf(id, own));
  const all = new Set(results.map(({ machineId }) => machineId));
  if (words.length < MACHINES_FOR_A_CLASS) return { kept: all, leftOut: [], isClass: false };
  const decode = median(words.map((word) => word.decode));
  const ttftMs = median(words.map((word) => word.ttftMs));
  const against = (word: Word): LeftOut => ({
    machineId: word.machineId,
    decodeRatio: word.decode / decode,
    ttftRatio: word.ttftMs / ttftMs,
  });
  const offBy = (word: Word) => {
    const { decodeRatio, ttftRatio } = against(word);
    return Math.max(Math.abs(Math.log(decodeRatio)), Math.abs(Math.log(ttftRatio)));
  };
  const nearest = words.toSorted((a, b) => offBy(a) - offBy(b) || (a.machineId < b.machineId ? -1 : 1));
  const majority = Math.floor(words.length / 2) + 1;
  const isKept = (word: Word, rank: number) => rank < majority || offBy(word) <= ALIKE;
  const leftOut = nearest
    .filter((word, rank) => !isKept(word, rank))
    .map(against)
    .sort((a, b) => (a.machineId < b.machineId ? -1 : 1));
  return { kept: new Set(nearest.filter(isKept).map(({ machineId }) => machineId)), leftOut, isClass: true };
}

/**
 * Machines that were left out of more than half of the configurations of which they and enough others had a word: nothing else
 * that they say is used either.
 */
export function oddMachines(agreements: readonly Agreement[]): Set<string> {
  const judged = agreements.filter(({ isClass }) => isClass);
  const count = (idsOf: (one: Agreement) => readonly string[]) => {
    const counts = new Map<string, number>();
    for (const id of judged.flatMap(idsOf)) counts.set(id, (counts.get(id) ?? 0) + 1);
    return counts;
  };
  const kept = count((one) => [...one.kept]);
  const leftOut = count((one) => one.leftOut.map(({ machineId }) => machineId));
  return new Set([...leftOut].filter(([id, times]) => times > (kept.get(id) ?? 0)).map(([id]) => id));
}
