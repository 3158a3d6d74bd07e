// The closed list of lies and faults, how a script names them, and which of them are told in a given request.
import { CHUNK_LIES } from "./chunk-lies.ts";
import { CLOCK_LIES } from "./clock-lies.ts";
import { CONTEXT_LIES } from "./context-lies.ts";
import { COUNT_LIES } from "./count-lies.ts";
import { ENDING_LIES } from "./ending-lies.ts";
import type { LieEntry, LieHooks } from "./hooks.ts";
import { HTTP_FAULTS } from "./http-faults.ts";
import { OPTION_LIES } from "./option-lies.ts";
import { PLACEMENT_LIES } from "./placement-lies.ts";
import { RATE_LIES } from "./rate-lies.ts";
import { STREAM_FAULTS } from "./stream-faults.ts";

const FAMILIES = {
  counts: COUNT_LIES,
  context: CONTEXT_LIES,
  options: OPTION_LIES,
  endings: ENDING_LIES,
  clocks: CLOCK_LIES,
  rates: RATE_LIES,
  placement: PLACEMENT_LIES,
  chunks: CHUNK_LIES,
  stream: STREAM_FAULTS,
  http: HTTP_FAULTS,
} as const satisfies Record<string, Record<string, LieEntry>>;

/** A group of lies that take hold at the same place. */
export type LieFamily = keyof typeof FAMILIES;

/** Faults: what breaks, rather than what is told wrongly. */
export type FaultName = keyof typeof STREAM_FAULTS | keyof typeof HTTP_FAULTS;

/** Every lie and every fault, `one_bad_sample_among_good` apart (it needs to know which one). */
export type LieName = { [Family in LieFamily]: keyof (typeof FAMILIES)[Family] }[LieFamily];

/** A lie with other than its default settings. */
export interface LieSetting<Name extends LieName = LieName> {
  readonly name: Name;
  /** Each lie says what its number means. */
  readonly strength?: number;
  readonly when?: "always" | "measured";
  /** Only in this sample, counted from 1. */
  readonly onlySample?: number;
}

/** One bad sample among good ones: `bad` is told in the k-th measured generation only, counted from 1. */
export interface OneBadSample {
  readonly name: "one_bad_sample_among_good";
  readonly bad: LieName;
  readonly sample: number;
  readonly strength?: number;
}

/** A lie (or fault) as a script names it. */
export type Lie = LieName | LieSetting | OneBadSample;

/** A fault as a script names it. */
export type Fault = FaultName | LieSetting<FaultName>;

/** One line of the list. */
export interface ListedLie extends Omit<LieEntry, "tell"> {
  readonly name: LieName;
  readonly family: LieFamily;
}

const ENTRIES: Readonly<Record<string, LieEntry>> = Object.assign({}, ...Object.values(FAMILIES));

/** The whole list as data: name, family, what a real server could do to look so, and where it shows. */
export const LIES: readonly ListedLie[] = Object.entries(FAMILIES).flatMap(([family, entries]) =>
  Object.entries<LieEntry>(entries).map(([name, { tell: _tell, ...data }]) => ({
    // Both names come from the very object whose keys define these types.
    name: name as LieName,
    family: family as LieFamily,
    ...data,
  })),
);

/** The request for which lies are chosen. */
export interface Moment {
  /** The number of this sample; null for a generation that is none; undefined for a request that generates nothing. */
  readonly sample: number | null | undefined;
  /** Samples that have begun so far, this one included. */
  readonly samplesBegun: number;
}

/** The lies that are told in one request, ready to act. */
export function hooksFor(lies: readonly Lie[], moment: Moment): LieHooks[] {
  return lies
    .map(settingOf)
    .filter((lie) => isTold(lie, moment))
    .map(tell);
}

function settingOf(lie: Lie): LieSetting {
  if (typeof lie === "string") return { name: lie };
  if (lie.name !== "one_bad_sample_among_good") return lie;
  const { bad, sample, strength } = lie;
  return { name: bad, onlySample: sample, ...(strength === undefined ? {} : { strength }) };
}

function isTold(lie: LieSetting, { sample, samplesBegun }: Moment): boolean {
  const current = sample === undefined ? samplesBegun : (sample ?? 0);
  if (lie.onlySample !== undefined) return current === lie.onlySample;
  return (lie.when ?? entryOf(lie.name).scope) === "always" || current > 0;
}

function tell(lie: LieSetting): LieHooks {
  const entry = entryOf(lie.name);
  return entry.tell(lie.strength ?? entry.strength ?? 1);
}

function entryOf(name: LieName): LieEntry {
  const entry = ENTRIES[name];
  if (entry === undefined)
    throw new Error(`The scripted Ollama knows no lie named ${name}; LIES lists them all.`);
  return entry;
}
