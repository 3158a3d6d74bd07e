// Ids of traces and spans, made from what they are about. Whoever works on a trial knows its place in the trace without
// being told: no context travels with orders, and a process that was killed and started again goes on in the same trace.
import { createHash } from "node:crypto";

const TRACE_HEX = 32;
const SPAN_HEX = 16;

const hex = (words: readonly string[], length: number): string =>
  createHash("sha256").update(JSON.stringify(words)).digest("hex").slice(0, length);

/** What a span is about: equal words, equal span. */
export type SpanKey = readonly string[];

/** A sweep is one trace: 16 bytes as W3C Trace Context wants them, in hexadecimal. */
export const traceIdOf = (sweepId: string): string => hex(["ozone", "sweep", sweepId], TRACE_HEX);

/** 8 bytes, in hexadecimal. */
export const spanIdOf = (key: SpanKey): string => hex(["ozone", ...key], SPAN_HEX);

/** The whole sweep: the root. */
export const sweepKey = (sweepId: string): SpanKey => ["sweep", sweepId];

/** One attempt of a trial, from its order to its receipt. */
export const attemptKey = (trialId: string, attempt: number): SpanKey => ["attempt", trialId, `${attempt}`];
