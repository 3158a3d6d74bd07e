// The samples of one launch: each fills the context with a prompt nobody has sent before and is watched from all sides.
import { monitorEventLoopDelay } from "node:perf_hooks";
import { promptTokensFor } from "@ozone/shared/configuration";
import { TrialFailure } from "@ozone/shared/failure";
import { type StreamRecord, StreamRecorder } from "../ollama/stream-record.ts";
import { ask } from "./ask-model.ts";
import { type Attempt, warn } from "./attempt.ts";
import { lastSamplesPass } from "./attempt-facts.ts";
import type { EngineSnapshot, SampleEvidence } from "./evidence.ts";
import type { PromptSource } from "./word-pool.ts";

/** Below this there is no prompt to speak of. */
const PROMPT_TOKENS_MIN = 16;

/** How often our own lateness is looked at, in milliseconds. */
const DELAY_RESOLUTION_MS = 5;

/** What all requests of a round have in common. */
interface Round {
  readonly launch: number;
  readonly prompts: PromptSource;
  readonly promptTokens: number;
}

/**
 * Takes the samples of a launch. One that fails a check is repeated once beside it; when that fails too, the server or
 * the configuration is at fault and more of the same would tell nothing.
 * @returns whether it is worth going on
 * @throws TrialFailure
 */
export async function takeSamples(attempt: Attempt, launch: number, prompts: PromptSource): Promise<boolean> {
  const { protocol, ports } = attempt;
  const round: Round = { launch, prompts, promptTokens: fillingTokens(attempt) };
  const wanted = Math.max(1, protocol.repetitions);
  for (let taken = 1; taken <= wanted; taken += 1) {
    ports.onActivity(`sample ${taken} of ${wanted}: filling ${round.promptTokens} tokens`);
    if (await takeRound(attempt, round)) continue;
    if (attempt.samples.some(({ refusal }) => refusal !== null)) return false;
    ports.onActivity(`sample ${taken} of ${wanted} once more beside it: it failed a check`);
    if (await takeRound(attempt, round)) continue;
    warn(attempt, {
      code: "stopped_early",
      message: `Sample ${taken} of ${wanted} and its repetition both failed a check; the other samples were not taken.`,
    });
    return false;
  }
  return true;
}

function fillingTokens({ configuration, protocol }: Attempt): number {
  const promptTokens = promptTokensFor(configuration, protocol.fill);
  if (promptTokens >= PROMPT_TOKENS_MIN) return promptTokens;
  throw new TrialFailure(
    "context_too_large",
    `num_predict ${configuration.numPredict} and fill ${protocol.fill} leave ${promptTokens} tokens for the prompt in num_ctx ${configuration.numCtx}; use a larger num_ctx or a smaller num_predict.`,
  );
}

/**
 * One request, or as many at once as the configuration says. All of a round start at the same intended moment, so that
 * a request that waits for another one's end counts its wait.
 * @returns whether all of them pass their checks
 */
async function takeRound(attempt: Attempt, { launch, prompts, promptTokens }: Round): Promise<boolean> {
  const { numPredict, concurrency } = attempt.configuration;
  const atOnce = Math.max(1, concurrency);
  const texts = Array.from({ length: atOnce }, () => prompts.make(promptTokens));
  const before = await snapshot(attempt);
  const sampler = attempt.ports.sampler.start();
  const loop = monitorEventLoopDelay({ resolution: DELAY_RESOLUTION_MS });
  const startedAt = new Date();
  loop.enable();
  const asked = await Promise.allSettled(
    texts.map((prompt) => askOrRefusal(attempt, { prompt, promptTokens, numPredict, atOnce })),
  );
  loop.disable();
  const resources = await sampler.stop();
  const answers = asked.map((one) => {
    if (one.status === "rejected") throw one.reason;
    return one.value;
  });
  const after = await snapshot(attempt);
  const ownDelayMs = Math.max(0, loop.max / 1e6 - DELAY_RESOLUTION_MS);
  const common = {
    launch,
    startedAt,
    promptTokens,
    numPredict,
    atOnce,
    before,
    after,
    resources,
    ownDelayMs,
  };
  attempt.samples.push(...answers.map((answer): SampleEvidence => ({ ...common, ...answer })));
  attempt.proofFromMs = null;
  return lastSamplesPass(attempt, atOnce);
}

/** A prompt that fits the context asked for, refused as too long for it, is evidence about that context. */
async function askOrRefusal(
  attempt: Attempt,
  question: Parameters<typeof ask>[1],
): Promise<{ stream: StreamRecord; refusal: string | null }> {
  const startedAtMs = performance.now();
  try {
    return { stream: await ask(attempt, question), refusal: null };
  } catch (thrown) {
    if (!(thrown instanceof TrialFailure) || thrown.failureClass !== "context_too_large") throw thrown;
    return { stream: new StreamRecorder(startedAtMs).record(), refusal: thrown.message };
  }
}

async function snapshot({ engine, ports }: Attempt): Promise<EngineSnapshot> {
  const [identity, loaded, installed] = await Promise.all([
    engine.identity(ports.signal),
    engine.loaded(ports.signal),
    engine.installed(ports.signal),
  ]);
  return { version: identity.version, loaded, installed };
}
