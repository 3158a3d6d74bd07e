// Shorter answers behind a fill that is there already: the same prompt again, which the server has in its cache on
// purpose. What each tells of itself is its decode; the wait for the first token of a full prompt was measured by the
// sample that filled.
import { SampleKind } from "@ozone/proto/trial";
import { sharesFill } from "@ozone/shared/shared-fill";
import { type Attempt, type Launch, warn } from "./attempt.ts";
import { lastFailures } from "./attempt-facts.ts";
import { takeRound } from "./take-round.ts";
import { hasRoomFor, hasTimeFor } from "./time-left.ts";

const GIVEN_UP = "fill_not_shared";

/** Longest first; lengths that would be filled differently are not asked: they are other configurations. */
const lengthsOf = ({ configuration, protocol }: Attempt): number[] =>
  [...new Set(protocol.shorterPredicts)]
    .filter((numPredict) => sharesFill(configuration, numPredict, protocol.fill))
    .sort((a, b) => b - a);

const isGivenUp = ({ warnings }: Attempt): boolean => warnings.some(({ code }) => code === GIVEN_UP);

/**
 * Asks for the shorter answers of the order behind the last sample. One that is refused ends the sharing, and not the
 * samples of the configuration itself.
 * @throws TrialFailure
 */
export async function shareFill(attempt: Attempt, { launch }: Launch): Promise<void> {
  const fillIndex = attempt.samples.length - 1;
  for (const numPredict of lengthsOf(attempt)) {
    if (isGivenUp(attempt)) return;
    if (!hasRoomFor(attempt, 2) || !hasTimeFor(attempt)) {
      giveUp(attempt, numPredict, "the attempt has no time left for it, or a result can't hold more samples");
    } else if (!(await askAgain(attempt, { launch, fillIndex, numPredict }))) {
      const why = lastFailures(attempt).map(({ code, detail }) => `${code}: ${detail}`);
      giveUp(attempt, numPredict, why.join("; "));
    }
  }
}

/** Asked once more where a check failed by chance; a server that computed the prompt again would do so again. */
async function askAgain(
  attempt: Attempt,
  { launch, fillIndex, numPredict }: { launch: number; fillIndex: number; numPredict: number },
): Promise<boolean> {
  const { lastPrompt, ports } = attempt;
  if (lastPrompt === null) return false;
  const { text, promptTokens } = lastPrompt;
  const ask = (): Promise<boolean> =>
    takeRound(attempt, {
      kind: SampleKind.SHORTER,
      launch,
      texts: [text],
      promptTokens,
      repeatedTokens: promptTokens,
      fillIndex,
      numPredict,
    });
  ports.onActivity(`${numPredict} tokens behind the same ${promptTokens}`);
  if (await ask()) return true;
  if (lastFailures(attempt).some(({ code }) => code === "no_prefix_cache")) return false;
  ports.onActivity(`${numPredict} tokens behind the same ${promptTokens} once more: a check failed`);
  return ask();
}

const giveUp = (attempt: Attempt, numPredict: number, why: string): void =>
  warn(attempt, {
    code: GIVEN_UP,
    message: `num_predict ${numPredict} was not measured further behind the fills of num_predict ${attempt.configuration.numPredict}: ${why}. Measure it with fills of its own (share_fill: off).`,
  });
