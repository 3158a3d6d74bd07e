// Does a longer prompt take longer? A server that computes only part of what it counts can tell any duration, but not make
// the client wait less for half of the prompt than it should: one prompt of half the length is sent beside the samples.
import { promptTokensFor } from "@ozone/shared/configuration";
import { ask, canEndInTime } from "./ask-model.ts";
import { type Attempt, type Launch, versionOf } from "./attempt.ts";
import { lastSamplesPass } from "./attempt-facts.ts";
import { timingsOf } from "./timings.ts";

/** One token is enough: only the wait for it counts. Two, because some versions say nothing of a single one. */
const NUM_PREDICT = 2;
/** Below so many times the warm-up's prompt half of the prompt tells nothing. */
const HALF_OVER_SHORT = 1.5;
/** A half that was disturbed makes the whole look too fast: then it is asked again. */
const TRIES = 3;

/** @throws TrialFailure */
export async function probeLength(attempt: Attempt, { prompts }: Launch): Promise<void> {
  const { configuration, protocol, ports, shortPrompt } = attempt;
  const half = promptTokensFor(configuration, protocol.fill) >> 1;
  if (shortPrompt === null || configuration.concurrency > 1 || attempt.samples.length === 0) return;
  if (half < HALF_OVER_SHORT * shortPrompt.promptTokens) return;
  const key = `length ${attempt.engine.url} ${versionOf(attempt)} ${attempt.model?.digest}`;
  if (ports.probeMemory?.knows(key) === true) return;
  ports.onActivity(`checking that a prompt of ${half} tokens takes less time`);
  for (let tried = 0; tried < TRIES; tried += 1) {
    if (!canEndInTime(attempt, { promptTokens: half, numPredict: NUM_PREDICT })) return;
    const record = await ask(attempt, {
      prompt: prompts.make(half),
      promptTokens: half,
      numPredict: NUM_PREDICT,
    });
    const { ttftMs } = timingsOf(record);
    if (ttftMs === null) return;
    const least = Math.min(attempt.halfPrompt?.ttftMs ?? ttftMs, ttftMs);
    attempt.halfPrompt = { promptTokens: half, ttftMs: least };
    if (lastSamplesPass(attempt, attempt.samples.length)) {
      ports.probeMemory?.note(key);
      return;
    }
  }
}
