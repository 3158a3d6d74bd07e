// Does the machine keep its speed? Filled samples without a pause until the time is over, each with its certificate.
import { SampleKind } from "@ozone/proto/trial";
import { promptTokensFor } from "@ozone/shared/configuration";
import { formatDuration } from "@ozone/shared/units";
import { type Attempt, type Launch, warn } from "./attempt.ts";
import { requestsAtOnce, takeRound } from "./take-round.ts";
import { hasRoomFor, hasTimeFor } from "./time-left.ts";

/** Thirds need one each. */
const ROUNDS_MIN = 3;

/**
 * Generates for as long as the protocol says.
 * @returns whether it is worth going on
 * @throws TrialFailure
 */
export async function runSustained(attempt: Attempt, { launch, prompts }: Launch): Promise<boolean> {
  const { configuration, protocol, ports } = attempt;
  if (protocol.sustainedMs === 0) return true;
  const promptTokens = promptTokensFor(configuration, protocol.fill);
  const requests = requestsAtOnce(attempt);
  const startedAtMs = performance.now();
  const spentMs = (): number => performance.now() - startedAtMs;
  for (let rounds = 0; rounds < ROUNDS_MIN || spentMs() < protocol.sustainedMs; rounds += 1) {
    if (!hasRoomFor(attempt, requests) || !hasTimeFor(attempt)) {
      warn(attempt, {
        code: "sustained_cut_short",
        message: `The sustained run ended after ${formatDuration(spentMs())} instead of ${formatDuration(protocol.sustainedMs)}: the attempt has no time left, or a result can't hold more samples. Use a longer time limit or a larger num_predict.`,
      });
      return true;
    }
    ports.onActivity(
      `sustained run: ${formatDuration(spentMs())} of ${formatDuration(protocol.sustainedMs)}`,
    );
    const texts = Array.from({ length: requests }, () => prompts.make(promptTokens));
    const { numPredict } = configuration;
    const plan = { kind: SampleKind.SUSTAINED, launch, texts, promptTokens, numPredict };
    if (!(await takeRound(attempt, plan))) return false;
  }
  return true;
}
