// Do the server's durations and the client's clock tell one story, in both directions?
//
// What the server says it spent must fit into what the client waited (strict: a client can only see things late), and
// what the client waited must be accounted for by the server (lenient: clock-tolerance.ts).
import { hiccupMs, isUnaccounted, type Part, uniformExcessMs } from "./clock-tolerance.ts";
import { type AttemptFacts, loadOf, ms, nsToMs, type SampleFacts } from "./facts.ts";
import { type Finding, judged, unknown } from "./finding.ts";
import { burstThenStall } from "./stream-shape.ts";
import { systematicDifferences } from "./systematic-clocks.ts";

/** Clocks of two processes on one host differ by rounding and little else. */
const STRICT_MS = 3;
const STRICT_SHARE = 0.005;

/** The first text may come late by a hiccup, which then seems to be missing from the decode. */
const LATE_SHARE = 0.05;

interface Durations {
  readonly loadMs: number;
  readonly prefillMs: number;
  readonly decodeMs: number;
  readonly totalMs: number;
}

/** Sums, order, presence, and both directions of every pair of clocks. */
export function clocksAgree(sample: SampleFacts, attempt: AttemptFacts): Finding {
  const { figures, timings, evidence } = sample;
  if (evidence.stream.done === null) return unknown("clocks_agree", "the answer has no durations");
  const server: Durations = {
    loadMs: nsToMs(figures.loadNs),
    prefillMs: nsToMs(figures.prefillNs),
    decodeMs: nsToMs(figures.evalNs),
    totalMs: nsToMs(figures.totalNs),
  };
  const complaints = [
    ...missingDurations(server, sample),
    ...prefillAmongOthers(sample),
    ...sums(server),
    ...serverBeyondClient(server, sample),
    ...clientBeyondServer(server, sample, attempt),
    ...loadBeyondClient(sample, attempt),
    ...burstThenStall(sample, attempt),
    ...systematicDifferences(attempt),
  ];
  return judged(
    "clocks_agree",
    complaints,
    `server: prefill ${ms(server.prefillMs)}, decode ${ms(server.decodeMs)}, total ${ms(server.totalMs)}; client: first text ${ms(timings.ttftMs ?? 0)}, text ${ms(timings.spanMs ?? 0)}, total ${ms(timings.totalMs ?? 0)}`,
  );
}

function missingDurations(server: Durations, { figures }: SampleFacts): string[] {
  const complaints: string[] = [];
  if (server.totalMs === 0) complaints.push("total_duration is zero or missing");
  if (server.prefillMs === 0) complaints.push("prompt_eval_duration is zero or missing");
  if (server.decodeMs === 0 && figures.generatedTokens > 1)
    complaints.push("eval_duration is zero or missing");
  return complaints;
}

/** Where the prefill is the rest of the total, that holds the wait for other requests as well. */
function prefillAmongOthers({ figures, evidence }: SampleFacts): string[] {
  if (figures.prefillFrom === "prompt_eval_duration" || evidence.atOnce === 1) return [];
  return [
    "this version of Ollama accounts only for the last batch of a prompt, so the prefill of requests that wait for each other is not known",
  ];
}

function sums({ loadMs, prefillMs, decodeMs, totalMs }: Durations): string[] {
  const parts = loadMs + prefillMs + decodeMs;
  if (parts <= totalMs + STRICT_MS + STRICT_SHARE * parts) return [];
  return [`load + prefill + decode are ${ms(parts)}, more than the total of ${ms(totalMs)}`];
}

/** The client began before the server and sees everything later. */
function serverBeyondClient(server: Durations, { timings, figures }: SampleFacts): string[] {
  const complaints: string[] = [];
  // What eval_duration leaves out of the decode is in the rest of the total.
  const decodeRestMs =
    figures.prefillFrom === "rest_of_total" ? Math.max(0, (timings.spanMs ?? 0) - server.decodeMs) : 0;
  const beyond = (serverMs: number, clientMs: number | null): boolean =>
    clientMs !== null && serverMs > clientMs + STRICT_MS + STRICT_SHARE * clientMs;
  if (beyond(server.totalMs, timings.totalMs)) {
    complaints.push(
      `the server says ${ms(server.totalMs)} in all, the client waited only ${ms(timings.totalMs ?? 0)}`,
    );
  }
  if (beyond(server.loadMs + server.prefillMs - decodeRestMs, timings.ttftMs)) {
    complaints.push(
      `the server says ${ms(server.loadMs + server.prefillMs)} until the first token, the client had text after ${ms(timings.ttftMs ?? 0)}`,
    );
  }
  return complaints;
}

/** Nor can the load of the launch have taken longer than the client waited for it. */
function loadBeyondClient(sample: SampleFacts, attempt: AttemptFacts): string[] {
  const { serverMs = null, clientMs = 0 } = loadOf(attempt, sample) ?? {};
  if (serverMs === null || serverMs <= clientMs + STRICT_MS + STRICT_SHARE * clientMs) return [];
  return [`the server says the load took ${ms(serverMs)}, the client waited only ${ms(clientMs)} for it`];
}

/** What the client waited for must be in the server's account. */
function clientBeyondServer(server: Durations, sample: SampleFacts, attempt: AttemptFacts): string[] {
  const { timings, figures, evidence } = sample;
  const tokens = figures.generatedTokens;
  const stepMs = tokens > 1 ? server.decodeMs / (tokens - 1) : 0;
  const beyond = (part: Part, clientMs: number, serverMs: number, allowedMs: number): boolean =>
    isUnaccounted({ clientMs, serverMs, allowedMs, part }, sample);
  const complaints: string[] = [];
  const { ttftMs, spanMs, totalMs } = timings;
  // Requests that share a server wait for each other; Ollama counts that wait in the total only.
  const untilFirstMs =
    evidence.atOnce > 1 ? server.totalMs - server.decodeMs : server.loadMs + server.prefillMs;
  // One step more: text may be held back until the next token shows that a character is complete.
  if (ttftMs !== null && beyond("first", ttftMs, untilFirstMs, 2 * stepMs)) {
    complaints.push(`first text after ${ms(ttftMs)}, but load + prefill are only ${ms(untilFirstMs)}`);
  }
  if (spanMs !== null && beyond("text", spanMs, server.decodeMs, uniformExcessMs(sample, attempt))) {
    complaints.push(`text came over ${ms(spanMs)}, but decode is only ${ms(server.decodeMs)}`);
  }
  if (totalMs !== null && beyond("total", totalMs, server.totalMs, 0)) {
    complaints.push(`the client waited ${ms(totalMs)}, the server accounts for ${ms(server.totalMs)}`);
  }
  const heldMs = spanMs === null || ttftMs === null || totalMs === null ? null : totalMs - ttftMs;
  if (
    heldMs !== null &&
    server.decodeMs - heldMs - 2 * stepMs > hiccupMs(sample) + LATE_SHARE * server.decodeMs
  ) {
    complaints.push(
      `decode is ${ms(server.decodeMs)}, but only ${ms(heldMs)} passed from first text to \`done\``,
    );
  }
  return complaints;
}
