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

/** A complaint about a burst followed by a stall; none when the chunks came as their tokens were made. */
export function burstThenStall(sample: SampleFacts, { warmUp }: AttemptFacts): string[] {
  const { figures, timings } = sample;
  const { gapsMs, spanMs } = timings;
  if (spanMs === null || gapsMs.length < GAPS_MIN || figures.generatedTokens < GAPS_MIN) return [];
  // The mean step of this answer has its stall in it; the warm-up's best step is what a token takes at least.
  const meanMs = nsToMs(figures.evalNs) / (figures.generatedTokens - 1);
  const stepMs = warmUp.decode === null ? meanMs : Math.min(meanMs, 1000 / warmUp.decode);
  const early = gapsMs.filter((gap) => gap < BURST_SHARE * stepMs).length;
  const longestMs = Math.max(...gapsMs);
  if (early <= BURSTS_MAX * gapsMs.length || longestMs <= hiccupMs(sample) + STALL_SHARE * spanMs) return [];
  return [
    `${early} of ${gapsMs.length} chunks came without waiting for their token, then none for ${ms(longestMs)}`,
  ];
}
