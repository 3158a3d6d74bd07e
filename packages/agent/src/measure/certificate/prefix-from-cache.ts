// A prompt that repeats the one before it, on purpose: was its beginning taken from the cache, so that only the tail was
// computed? What no_prefix_cache says of such a sample, turned round.
import { median } from "@ozone/shared/statistics/median";
import { type AttemptFacts, ms, nsToMs, type SampleFacts } from "./facts.ts";
import { type Finding, failed, passed, unknown } from "./finding.ts";

/** Servers compute some of what they have again: the last token always, at most a batch of it. */
const FROM_CACHE_SHARE = 0.5;

/** A prefill in less than this share of a whole one's time did not compute the same tokens. */
const TIME_SHARE = 1 / 3;

/** Passed: the server computed the tail only. Failed: it computed the prompt again, and nothing warm was measured. */
export function prefixFromCache({ evidence, figures }: SampleFacts, attempt: AttemptFacts): Finding {
  const { repeatedTokens, promptTokens } = evidence;
  const asked = `${repeatedTokens} of ${promptTokens} prompt tokens were sent before, on purpose`;
  if (figures.cachedTokens !== null) {
    const sentence = `${asked}; the server took ${figures.cachedTokens} from its cache`;
    return figures.cachedTokens >= FROM_CACHE_SHARE * repeatedTokens
      ? passed("no_prefix_cache", sentence)
      : failed("no_prefix_cache", `${sentence} and computed the rest again`);
  }
  const whole = attempt.samples
    .filter((one) => one.evidence.repeatedTokens === 0 && one.evidence.promptTokens === repeatedTokens)
    .map((one) => nsToMs(one.figures.promptEvalNs))
    .filter((wholeMs) => wholeMs > 0);
  const spentMs = nsToMs(figures.promptEvalNs);
  if (whole.length === 0 || spentMs === 0) {
    return unknown("no_prefix_cache", `${asked}; there is no whole prefill to compare with`);
  }
  const sentence = `${asked}; prefill took ${ms(spentMs)}, the whole prompt before ${ms(median(whole))}`;
  return spentMs < TIME_SHARE * median(whole)
    ? passed("no_prefix_cache", `${sentence}: only the tail was computed`)
    : failed("no_prefix_cache", `${sentence}: the server computed it again`);
}
