// One round: one request, or as many as share the server, watched from all sides.
//
// The schedule is open: when each request is to be sent is fixed before any is, whatever becomes of the others, and what
// a user waits counts from there. A request that waits for another one's end, for our own loop or for a connection
// counts that wait. All of a round are meant for the same moment: that is what makes so many of them concurrent.
import { monitorEventLoopDelay } from "node:perf_hooks";
import type { SampleKind } from "@ozone/proto/trial";
import { TrialFailure } from "@ozone/shared/failure";
import { type StreamRecord, StreamRecorder } from "../ollama/stream-record.ts";
import { sleep } from "../pause.ts";
import { ask } from "./ask-model.ts";
import type { Attempt } from "./attempt.ts";
import { lastSamplesPass } from "./attempt-facts.ts";
import type { EngineSnapshot, SampleEvidence } from "./evidence.ts";

/** How often our own lateness is looked at, in milliseconds. */
const DELAY_RESOLUTION_MS = 5;

/** From fixing the schedule of several requests to its moment: time to prepare them all. */
const LEAD_MS = 10;

/** What is asked in a round. */
export interface RoundPlan {
  readonly kind: SampleKind;
  readonly launch: number;
  /** One per request. */
  readonly texts: readonly string[];
  /** Length of each of them. */
  readonly promptTokens: number;
  readonly numPredict: number;
  /** Tokens at their beginning that the server was sent before, on purpose. */
  readonly repeatedTokens?: number;
  /** Position of the sample whose fill this round shares. */
  readonly fillIndex?: number;
}

/** As many requests as the configuration makes at the same time. */
export const requestsAtOnce = ({ configuration }: Attempt): number => Math.max(1, configuration.concurrency);

/**
 * Makes the requests of a round and writes their samples down.
 * @returns whether all of them pass their checks
 * @throws TrialFailure
 */
export async function takeRound(attempt: Attempt, plan: RoundPlan): Promise<boolean> {
  const { kind, launch, texts, promptTokens, numPredict, repeatedTokens = 0, fillIndex } = plan;
  const atOnce = texts.length;
  const before = await snapshot(attempt);
  const sampler = attempt.ports.sampler.start();
  await sampler.ready;
  const loop = monitorEventLoopDelay({ resolution: DELAY_RESOLUTION_MS });
  const startedAt = new Date();
  loop.enable();
  const intendedAtMs = performance.now() + (atOnce > 1 ? LEAD_MS : 0);
  const asked = await Promise.allSettled(
    texts.map((prompt) => {
      const question = { prompt, promptTokens, numPredict, atOnce, repeatedTokens };
      return askAt(attempt, question, intendedAtMs);
    }),
  );
  loop.disable();
  const resources = await sampler.stop();
  const answers = asked.map((one) => {
    if (one.status === "rejected") throw one.reason;
    return one.value;
  });
  const after = await snapshot(attempt);
  const ownDelayMs = Math.max(0, loop.max / 1e6 - DELAY_RESOLUTION_MS);
  const shared = fillIndex === undefined ? {} : { fillIndex };
  const asPlanned = { kind, launch, promptTokens, repeatedTokens, numPredict, atOnce, ...shared };
  const common = { ...asPlanned, round: attempt.rounds, intendedAtMs, startedAt, before, after };
  attempt.samples.push(
    ...answers.map((answer): SampleEvidence => ({ ...common, resources, ownDelayMs, ...answer })),
  );
  attempt.rounds += 1;
  attempt.proofFromMs = null;
  attempt.lastPrompt = { text: lastAnswered(texts, answers), promptTokens };
  return lastSamplesPass(attempt, atOnce);
}

type Question = Parameters<typeof ask>[1];

interface Answer {
  readonly stream: StreamRecord;
  readonly refusal: string | null;
}

/** A prompt that fits the context asked for, refused as too long for it, is evidence about that context. */
async function askAt(attempt: Attempt, question: Question, intendedAtMs: number): Promise<Answer> {
  const aheadMs = intendedAtMs - performance.now();
  if (aheadMs > 0) await sleep(aheadMs, attempt.ports.signal);
  const startedAtMs = performance.now();
  try {
    return { stream: await ask(attempt, question), refusal: null };
  } catch (thrown) {
    if (!(thrown instanceof TrialFailure) || thrown.failureClass !== "context_too_large") throw thrown;
    return { stream: new StreamRecorder(startedAtMs).record(), refusal: thrown.message };
  }
}

/** The prompt that the server worked on last: with one slot, the one that is still in its cache. */
function lastAnswered(texts: readonly string[], answers: readonly Answer[]): string {
  const endOf = (at: number): number => answers[at]?.stream.doneAtMs ?? 0;
  const last = texts.reduce((latest, _text, at) => (endOf(at) >= endOf(latest) ? at : latest), 0);
  return texts[last] ?? "";
}

async function snapshot({ engine, ports }: Attempt): Promise<EngineSnapshot> {
  const [identity, loaded, installed] = await Promise.all([
    engine.identity(ports.signal),
    engine.loaded(ports.signal),
    engine.installed(ports.signal),
  ]);
  return { version: identity.version, loaded, installed };
}
