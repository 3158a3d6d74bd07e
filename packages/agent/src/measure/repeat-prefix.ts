// The second turn of a chat: a prompt that begins with all of the one before it, which the server has in its cache on
// purpose, and ends with a short tail that is new. Always one request alone, and published apart, never with the others.
import { SampleKind } from "@ozone/proto/trial";
import { CONTEXT_MARGIN_TOKENS } from "@ozone/shared/limits";
import { type Attempt, type Launch, warn } from "./attempt.ts";
import { takeRound } from "./take-round.ts";
import { hasRoomFor, hasTimeFor } from "./time-left.ts";

/** What a person types next: a sentence. */
const TAIL_TOKENS = 16;

/** Fewer tokens than this have no rate. */
const PREDICT_MIN = 2;

/**
 * Takes as many warm samples as there are repetitions, all of which repeat the last filled prompt of this launch.
 * @returns whether it is worth going on
 * @throws TrialFailure
 */
export async function repeatPrefix(attempt: Attempt, { launch, prompts }: Launch): Promise<boolean> {
  const { configuration, protocol, ports, lastPrompt } = attempt;
  if (!protocol.warmPrefix || lastPrompt === null) return true;
  const promptTokens = lastPrompt.promptTokens + TAIL_TOKENS;
  const room = configuration.numCtx - promptTokens - CONTEXT_MARGIN_TOKENS;
  const numPredict = Math.min(configuration.numPredict, room);
  if (numPredict < PREDICT_MIN) {
    warn(attempt, {
      code: "warm_prefix_no_room",
      message: `A prompt of ${lastPrompt.promptTokens} tokens leaves no room for ${TAIL_TOKENS} more in num_ctx ${configuration.numCtx}; the warm prefix was not measured. Use a smaller fill.`,
    });
    return true;
  }
  for (let taken = 0; taken < Math.max(1, protocol.repetitions); taken += 1) {
    if (!hasRoomFor(attempt, 1) || !hasTimeFor(attempt)) return true;
    ports.onActivity(`warm prefix: ${lastPrompt.promptTokens} tokens again and ${TAIL_TOKENS} new ones`);
    const plan = {
      kind: SampleKind.WARM_PREFIX,
      launch,
      texts: [prompts.extend(lastPrompt.text, TAIL_TOKENS)],
      promptTokens,
      repeatedTokens: lastPrompt.promptTokens,
      numPredict,
    };
    if (!(await takeRound(attempt, plan))) return false;
  }
  return true;
}
