// How far the client's clock may be beyond the server's account before it is a contradiction.
//
// Absolute for the hiccups of two processes on one machine, relative for long answers, and growing by how long our own
// event loop was really held up. Where other programs are at work, whole time slices go missing: seen on the reference
// engine on two cores, between the end of a prefill and its first text, 87 ms with one core taken by others and 168 ms
// with one and a half.
import { median } from "@ozone/shared/statistics/median";
import { type AttemptFacts, nsToMs, type SampleFacts } from "./facts.ts";

/** Scheduling, sockets, tokenizing, on a machine that is not contended. */
const QUIET_MS = 40;

/** Time slices of other programs, per core that they take, and at most. */
const CONTENDED_MS_PER_CORE = 100;
const CONTENDED_MS_MAX = 250;

/** Clocks that differ in rate, work per token that nobody accounts for. */
const SHARE = 0.05;

/** Hiccups are added to what the server did; an account of less than this share of the wait leaves out more than that. */
const ACCOUNTED_SHARE_MIN = 0.35;

/** Whether other programs were at work during a sample. */
export const isContended = ({ evidence }: SampleFacts): boolean => evidence.resources.contended === true;

/** What a hiccup may take, in milliseconds. */
export function hiccupMs(sample: SampleFacts): number {
  const { resources, ownDelayMs } = sample.evidence;
  if (!isContended(sample)) return QUIET_MS + ownDelayMs;
  const slicesMs = CONTENDED_MS_PER_CORE * (resources.foreignLoadCores ?? 1);
  return Math.min(CONTENDED_MS_MAX, QUIET_MS + slicesMs) + ownDelayMs;
}

/**
 * What even the least late of several samples may be late by. Tokenizing comes before the prefill and is in no duration
 * but the total: seen at 15 ms for 1,800 tokens, and at 100 ms where others took 1.7 of two cores.
 */
const LEAST_LATE = { first: 30, text: 15, total: 15 };

/** Where others are at work, a share of a hiccup; from one text to the next a hiccup is as likely to take as to give. */
const LEAST_LATE_HICCUP = { first: 0.6, text: 0.15, total: 0.4 };

/** The parts of an answer that a client can time. */
export type Part = keyof typeof LEAST_LATE;

/** What a part of a sample may be late by when it is the least late of several, in milliseconds. */
export const leastLateMs = (sample: SampleFacts, part: Part): number =>
  isContended(sample)
    ? Math.max(LEAST_LATE[part], LEAST_LATE_HICCUP[part] * hiccupMs(sample))
    : LEAST_LATE[part];

/**
 * What eval_duration may leave out of a token, at most: up to 0.24 its sampling (large vocabularies), from 0.30 on only
 * the way from the engine to the socket.
 */
const PER_TOKEN_MS = { before30: 1, from30: 0.5 };

const perTokenMs = (version: string): number => {
  const [, major, minor] = /^(\d+)\.(\d+)\./.exec(version) ?? [];
  return Number(major ?? 0) === 0 && Number(minor ?? 0) < 30 ? PER_TOKEN_MS.before30 : PER_TOKEN_MS.from30;
};

/**
 * What eval_duration leaves out of every token alike. A stall that it leaves out is in one gap only, and does not
 * count here.
 */
export function uniformExcessMs({ timings, figures }: SampleFacts, { engineVersion }: AttemptFacts): number {
  const steps = figures.generatedTokens - 1;
  if (timings.gapsMs.length === 0 || steps < 1) return 0;
  const excessMs = median(timings.gapsMs) - nsToMs(figures.evalNs) / steps;
  return steps * Math.min(perTokenMs(engineVersion), Math.max(0, excessMs));
}

/** A wait of the client, and what the server accounts for of it. */
export interface Wait {
  readonly clientMs: number;
  readonly serverMs: number;
  /** Known reasons for a difference. */
  readonly allowedMs: number;
  readonly part: Part;
}

/**
 * From the first text to the last a hiccup takes and gives: in 413 honest samples beside 0 to 1.9 busy cores the text
 * took at most 11 ms more than the decode.
 */
const TEXT_HICCUP = 0.4;

/** Whether the client waited for more than the server accounts for. */
export function isUnaccounted(wait: Wait, sample: SampleFacts): boolean {
  const { clientMs, serverMs, allowedMs, part } = wait;
  const differenceMs = clientMs - serverMs - allowedMs - SHARE * clientMs;
  const quietMs = QUIET_MS + sample.evidence.ownDelayMs;
  const hiccup = part === "text" ? Math.max(quietMs, TEXT_HICCUP * hiccupMs(sample)) : hiccupMs(sample);
  if (differenceMs > hiccup) return true;
  return differenceMs > quietMs && serverMs < ACCOUNTED_SHARE_MIN * clientMs;
}

/**
 * How many times a rate may exceed what the rest of the attempt showed. Where others were at work at any time of it,
 * that may be a twentieth of what the machine does alone.
 */
export function timesFaster(attempt: AttemptFacts, times: { quiet: number; contended: number }): number {
  const disturbed = attempt.conditions?.contended === true || attempt.samples.some(isContended);
  return disturbed ? times.contended : times.quiet;
}
