// The decode rate of requests that share a server. With fewer slots than requests they run one after the other, and a
// sum of their own rates would be tokens that never came; what came out of the server together is the round's rate.
import type { Round, Sample, TrialResult } from "@ozone/proto/trial";

/**
 * The samples with the decode rates that stand for the configuration: as they are with one request at a time; above,
 * each complete round's aggregate at its first sample, and none at the others. So n counts rounds, not requests.
 * @param samples those of `result` that may be used: a round of which one request is missing here has no rate.
 */
export function withRoundRates(
  { configuration, rounds }: Pick<TrialResult, "configuration" | "rounds">,
  samples: readonly Sample[],
): Sample[] {
  if ((configuration?.concurrency ?? 1) <= 1) return [...samples];
  const byRound = new Map(rounds.map((round) => [round.round, round]));
  const seen = new Set<number>();
  return samples.map((sample) => {
    const { decodeTokensPerSecond: _ofItsOwn, ...others } = sample;
    const round = byRound.get(sample.round);
    const rate = round && isComplete(round, samples) ? round.decodeTokensPerSecond : undefined;
    if (rate === undefined || seen.has(sample.round)) return others;
    seen.add(sample.round);
    return { ...others, decodeTokensPerSecond: rate };
  });
}

const isComplete = ({ round, requests }: Round, samples: readonly Sample[]): boolean =>
  samples.filter((sample) => sample.round === round).length === requests;

/**
 * Repetitions of the configuration, and how many of them went well. Requests made at the same time are one repetition:
 * they fail together, and counting each would prove more than was seen.
 */
export function repetitionsOf(
  { configuration }: Pick<TrialResult, "configuration">,
  samples: readonly Sample[],
): { runs: number; successes: number } {
  if ((configuration?.concurrency ?? 1) <= 1) {
    return { runs: samples.length, successes: samples.filter(({ valid }) => valid).length };
  }
  const rounds = [...new Set(samples.map(({ round }) => round))];
  const clean = rounds.filter((round) => samples.every((sample) => sample.round !== round || sample.valid));
  return { runs: rounds.length, successes: clean.length };
}
