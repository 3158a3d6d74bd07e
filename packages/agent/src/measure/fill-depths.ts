// Speed over depth: the same load filled to other shares of the context besides, in ascending order, one sample for each
// time that a depth was asked for. They never enter the figures of the configuration.
import { SampleKind } from "@ozone/proto/trial";
import { promptTokensFor } from "@ozone/shared/configuration";
import { type Attempt, type Launch, warn } from "./attempt.ts";
import { PROMPT_TOKENS_MIN } from "./fill-context.ts";
import { requestsAtOnce, takeRound } from "./take-round.ts";
import { hasRoomFor, hasTimeFor } from "./time-left.ts";

/**
 * Takes one sample at each depth that the protocol names.
 * @returns whether it is worth going on
 * @throws TrialFailure
 */
export async function fillDepths(attempt: Attempt, { launch, prompts }: Launch): Promise<boolean> {
  const { configuration, protocol, ports } = attempt;
  const requests = requestsAtOnce(attempt);
  const skipped: number[] = [];
  for (const depth of protocol.depths.toSorted((a, b) => a - b)) {
    const promptTokens = promptTokensFor(configuration, depth);
    if (!isWorthTrying(attempt, promptTokens, requests)) {
      skipped.push(depth);
      continue;
    }
    ports.onActivity(`depth ${depth}: filling ${promptTokens} tokens`);
    const texts = Array.from({ length: requests }, () => prompts.make(promptTokens));
    const { numPredict } = configuration;
    if (!(await takeRound(attempt, { kind: SampleKind.DEPTH, launch, texts, promptTokens, numPredict })))
      return false;
  }
  if (skipped.length > 0) {
    warn(attempt, {
      code: "depths_skipped",
      message: `The depths ${skipped.join(", ")} were not measured: there was no time left for them, or they leave fewer than ${PROMPT_TOKENS_MIN} tokens.`,
    });
  }
  return true;
}

/** Attention makes a fill dearer than in proportion: at most with the square of its length. */
function isWorthTrying(attempt: Attempt, promptTokens: number, requests: number): boolean {
  const filled = promptTokensFor(attempt.configuration, attempt.protocol.fill);
  const times = Math.max(1, promptTokens / filled) ** 2;
  return promptTokens >= PROMPT_TOKENS_MIN && hasRoomFor(attempt, requests) && hasTimeFor(attempt, { times });
}
