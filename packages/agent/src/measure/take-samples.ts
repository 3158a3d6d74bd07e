// The samples of one launch: each fills the context with a prompt nobody has sent before and is watched from all sides.
import { monitorEventLoopDelay } from "node:perf_hooks";
import { promptTokensFor } from "@ozone/shared/configuration";
import { TrialFailure } from "@ozone/shared/failure";
import { type Attempt, ask } from "./attempt.ts";
import type { EngineSnapshot, SampleEvidence } from "./evidence.ts";
import { serverFiguresOf } from "./timings.ts";
import type { PromptSource } from "./word-pool.ts";

/** @throws TrialFailure */
export async function takeSamples(attempt: Attempt, launch: number, prompts: PromptSource): Promise<void> {
  const { protocol, ports } = attempt;
  const promptTokens = fillingTokens(attempt);
  const wanted = Math.max(1, protocol.repetitions);
  for (let taken = 0; taken < wanted; taken += 1) {
    ports.onActivity(`sample ${taken + 1} of ${wanted}: filling ${promptTokens} tokens`);
    const sample = await takeSample(attempt, launch, { prompts, promptTokens });
    attempt.samples.push(sample);
    if (isWhole(sample)) continue;
    ports.onActivity(`sample ${taken + 1} of ${wanted} once more beside it: it was not whole`);
    attempt.samples.push(await takeSample(attempt, launch, { prompts, promptTokens }));
  }
}

function fillingTokens({ configuration, protocol }: Attempt): number {
  const promptTokens = promptTokensFor(configuration, protocol.fill);
  if (promptTokens >= 16) return promptTokens;
  throw new TrialFailure(
    "context_too_large",
    `num_predict ${configuration.numPredict} and fill ${protocol.fill} leave ${promptTokens} tokens for the prompt in num_ctx ${configuration.numCtx}; use a larger num_ctx or a smaller num_predict.`,
  );
}

/** Whether the answer has the length it was asked for; the certificate says more. */
function isWhole({ stream, promptTokens, numPredict }: SampleEvidence): boolean {
  const figures = serverFiguresOf(stream.done);
  return figures.promptTokens === promptTokens && figures.generatedTokens === numPredict;
}

async function takeSample(
  attempt: Attempt,
  launch: number,
  { prompts, promptTokens }: { prompts: PromptSource; promptTokens: number },
): Promise<SampleEvidence> {
  const { numPredict } = attempt.configuration;
  const prompt = prompts.make(promptTokens);
  const before = await snapshot(attempt);
  const sampler = attempt.ports.sampler.start();
  const loop = monitorEventLoopDelay({ resolution: 5 });
  const startedAt = new Date();
  loop.enable();
  try {
    const stream = await ask(attempt, { prompt, promptTokens, numPredict });
    loop.disable();
    const resources = await sampler.stop();
    const after = await snapshot(attempt);
    const ownDelayMs = loop.max / 1e6;
    return { launch, startedAt, promptTokens, numPredict, stream, before, after, resources, ownDelayMs };
  } catch (thrown) {
    loop.disable();
    await sampler.stop();
    throw thrown;
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
