// The shape of a stream in time: tokens are made one after the other, so chunks that come all at once were held back
// somewhere between the engine and us.
import { hiccupMs } from "./clock-tolerance.ts";
import { type AttemptFacts, ms, nsToMs, type SampleFacts } from "./facts.ts";

/** A gap below this share of a step did not wait for its token. */
const BURST_SHARE = 0.2;

/** More of them than this are no accident of a socket. */
const BURSTS_MAX = 0.4;

/** A stall below this share of the whole answer is a hiccup. */
const STALL_SHARE = 0.2;

/** Fewer gaps than this have no shape. */
const GAPS_MIN = 16;

/** Without its longest gap an answer's mean step may be this share of what it was with it. */
const REST_SHARE_MIN = 0.2;

/** What a token takes at least: no more than in the mean, nor than in the warm-up. */
function leastStepMs(of: { meanMs: number; warmUpMs: number | null; restMs: number }): number {
  const stepMs = of.warmUpMs === null ? of.meanMs : Math.min(of.meanMs, of.warmUpMs);
  // On a machine that stalls, one stall can make most of the answer's mean, and of the warm-up's: what the others took
  // tells. Where everything came in one burst they tell nothing.
  return Math.min(stepMs, Math.max(of.restMs, REST_SHARE_MIN * stepMs));
}

/** A complaint about a burst followed by a stall; none when the chunks came as their tokens were made. */
export function burstThenStall(sample: SampleFacts, { warmUp }: AttemptFacts): string[] {
  const { figures, timings } = sample;
  const { gapsMs, spanMs } = timings;
  if (spanMs === null || gapsMs.length < GAPS_MIN || figures.generatedTokens < GAPS_MIN) return [];
  const longestMs = Math.max(...gapsMs);
  const stepMs = leastStepMs({
    meanMs: nsToMs(figures.evalNs) / (figures.generatedTokens - 1),
    warmUpMs: warmUp.decode === null ? null : 1000 / warmUp.decode,
    restMs: (spanMs - longestMs) / (gapsMs.length - 1),
  });
  const early = gapsMs.filter((gap) => gap < BURST_SHARE * stepMs).length;
  if (early <= BURSTS_MAX * gapsMs.length || longestMs <= hiccupMs(sample) + STALL_SHARE * spanMs) return [];
  return [
    `${early} of ${gapsMs.length} chunks came without waiting for their token, then none for ${ms(longestMs)}`,
  ];
}
