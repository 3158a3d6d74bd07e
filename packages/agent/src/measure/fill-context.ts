// The samples of the configuration itself: each fills the context with a prompt nobody has sent before. First the
// repetitions that were asked for, then, in the last launch of a confirmation, as many as precision needs.
import { SampleKind } from "@ozone/proto/trial";
import { promptTokensFor } from "@ozone/shared/configuration";
import { TrialFailure } from "@ozone/shared/failure";
import { type Attempt, type Launch, warn } from "./attempt.ts";
import { precisionValues, shouldGoOn, stoppingRule } from "./precision.ts";
import { configurationSamples } from "./sample-messages.ts";
import { shareFill } from "./share-fill.ts";
import { requestsAtOnce, takeRound } from "./take-round.ts";
import { hasRoomFor, hasTimeFor } from "./time-left.ts";
import { warmUpAgain } from "./warm-up-runner.ts";

/** Below this there is no prompt to speak of. */
export const PROMPT_TOKENS_MIN = 16;

/**
 * Takes the filled samples of a launch.
 * @returns whether it is worth going on
 * @throws TrialFailure
 */
export async function fillContext(attempt: Attempt, launch: Launch): Promise<boolean> {
  const promptTokens = fillingTokens(attempt);
  const wanted = Math.max(1, attempt.protocol.repetitions);
  for (let taken = 1; taken <= wanted; taken += 1) {
    const words = `sample ${taken} of ${wanted}`;
    if (!(await takeFilled(attempt, launch, { promptTokens, words }))) return false;
    await shareFill(attempt, launch);
  }
  return !launch.isLast || fillUntilPrecise(attempt, launch, promptTokens);
}

async function fillUntilPrecise(attempt: Attempt, launch: Launch, promptTokens: number): Promise<boolean> {
  const rule = stoppingRule(attempt.order);
  if (rule === null) return true;
  for (;;) {
    const taken = filledRounds(attempt);
    const mayGoOn =
      taken < rule.cap &&
      hasRoomFor(attempt, requestsAtOnce(attempt)) &&
      hasTimeFor(attempt, { reserveMs: attempt.protocol.sustainedMs });
    if (!shouldGoOn(precisionValues(configurationSamples(attempt)), rule, mayGoOn)) return true;
    const words = `sample ${taken + 1} of ${rule.cap} at most, for precision`;
    if (!(await takeFilled(attempt, launch, { promptTokens, words }))) return false;
  }
}

const filledRounds = ({ samples }: Attempt): number =>
  new Set(samples.filter(({ kind }) => kind === SampleKind.FILLED).map(({ round }) => round)).size;

/**
 * One that fails a check is repeated once beside it; when that fails too, the server or the configuration is at fault
 * and more of the same would tell nothing.
 */
async function takeFilled(
  attempt: Attempt,
  { launch, prompts }: Launch,
  { promptTokens, words }: { promptTokens: number; words: string },
): Promise<boolean> {
  const { ports, configuration } = attempt;
  const take = (): Promise<boolean> =>
    takeRound(attempt, {
      kind: SampleKind.FILLED,
      launch,
      texts: Array.from({ length: requestsAtOnce(attempt) }, () => prompts.make(promptTokens)),
      promptTokens,
      numPredict: configuration.numPredict,
    });
  ports.onActivity(`${words}: filling ${promptTokens} tokens`);
  if (await take()) return true;
  if (attempt.samples.some(({ refusal }) => refusal !== null)) return false;
  // The repetition also puts its prompt where the warm prefix looks for it: what is asked here takes that place.
  await warmUpAgain(attempt, prompts, requestsAtOnce(attempt));
  ports.onActivity(`${words} once more beside it: it failed a check`);
  if (await take()) return true;
  const sentence = `${words[0]?.toUpperCase()}${words.slice(1)}`;
  warn(attempt, {
    code: "stopped_early",
    message: `${sentence} and its repetition both failed a check; the other samples were not taken.`,
  });
  return false;
}

function fillingTokens({ configuration, protocol }: Attempt): number {
  const promptTokens = promptTokensFor(configuration, protocol.fill);
  if (promptTokens >= PROMPT_TOKENS_MIN) return promptTokens;
  throw new TrialFailure(
    "context_too_large",
    `num_predict ${configuration.numPredict} and fill ${protocol.fill} leave ${promptTokens} tokens for the prompt in num_ctx ${configuration.numCtx}; use a larger num_ctx or a smaller num_predict.`,
  );
}
