// Whether what was measured again is what a preset promised. Pure; docs/applying.md and its decision say why it is this rule.
import type { Gain } from "@ozone/proto/preset";
import { metricWords } from "@ozone/shared/metric-words";
import { type RateComparison, TIE_MARGIN } from "@ozone/shared/statistics/compare";

/** What was measured again, the derived model against the default configuration. */
export interface ReMeasured {
  readonly gains: readonly Gain[];
  /** What the preset's purpose is about, better upwards; null where the purpose is room alone. */
  readonly worth: RateComparison | null;
}

/** The decision; `undecided` asks for more samples, and when there can be none counts as no gain. */
export interface Decision {
  readonly decision: "keep" | "roll back" | "undecided";
  /** One sentence for each thing that decided, with both figures. */
  readonly because: readonly string[];
}

/** Durations: less is better. */
const LOWER_IS_BETTER: ReadonlySet<string> = new Set(["ttft_ms", "time_to_answer_ms"]);

/** A gain on the logarithm, turned so that more is better; null: not known. */
interface Benefit {
  readonly value: number;
  readonly low: number | null;
  readonly high: number | null;
}

/**
 * Kept when no gain that the preset states is contradicted, and its purpose is better served than by the default.
 * @param promised the gains of the preset
 * @param measured the same gains of fresh samples
 */
export function keepOrRollBack(promised: readonly Gain[], measured: ReMeasured): Decision {
  const broken = promised.flatMap((promise) => {
    const found = measured.gains.find(({ metric }) => metric === promise.metric);
    return found !== undefined && isContradicted(promise, found) ? [brokenWords(promise, found)] : [];
  });
  if (broken.length > 0) return { decision: "roll back", because: broken };
  const { worth } = measured;
  const held = promised.flatMap((promise) => {
    const found = measured.gains.find(({ metric }) => metric === promise.metric);
    return found === undefined ? [] : [heldWords(promise, found)];
  });
  if (worth === null || worth.verdict === "better") return { decision: "keep", because: held };
  const decision = worth.verdict === "undecided" ? "undecided" : "roll back";
  return { decision, because: [worthWords(worth), ...held] };
}

/**
 * Whether fresh samples contradict a stated gain: the 95 % interval of (measured - promised) on the logarithm lies below
 * zero, and the shortfall is more than what counts as a tie. Both gains are estimates, so the interval is of their
 * difference, from the halves of the two intervals that face each other: U = m - p + sqrt((hi_m - m)^2 + (p - lo_p)^2).
 * Source: Zou and Donner 2008, Statistics in Medicine 27:1693 (limits recovered from those of the parts, MOVER).
 * A gain without an interval claims its point exactly; a measured one without contradicts nothing.
 */
export function isContradicted(promised: Gain, measured: Gain): boolean {
  const [promise, found] = [benefitOf(promised), benefitOf(measured)];
  if (found.high === null) return false;
  const shortfall = promise.value - found.value;
  const facing = Math.hypot(found.high - found.value, promise.value - (promise.low ?? promise.value));
  return shortfall > Math.log1p(TIE_MARGIN) && shortfall > facing;
}

function benefitOf({ metric, ratio, ciLow, ciHigh }: Gain): Benefit {
  const [low, high] = [ciLow, ciHigh].map((one) => (one === undefined || one <= 0 ? null : Math.log(one)));
  if (!LOWER_IS_BETTER.has(metric)) return { value: Math.log(ratio), low: low ?? null, high: high ?? null };
  const turned = (one: number | null | undefined): number | null => (one == null ? null : -one);
  return { value: -Math.log(ratio), low: turned(high), high: turned(low) };
}

const brokenWords = (promised: Gain, measured: Gain): string =>
  `${bothWords(promised, measured)}: the promised gain was not there.`;

const heldWords = (promised: Gain, measured: Gain): string =>
  `${bothWords(promised, measured)}: not contradicted.`;

const bothWords = (promised: Gain, measured: Gain): string =>
  `${metricWords(promised.metric)}: promised ${ratioWords(promised)} the default's, re-measured ${ratioWords(measured)}`;

const ratioWords = ({ ratio, ciLow, ciHigh }: Pick<Gain, "ratio" | "ciLow" | "ciHigh">): string =>
  ciLow === undefined || ciHigh === undefined
    ? `${ratio.toFixed(2)} times (no interval)`
    : `${ratio.toFixed(2)} times [${ciLow.toFixed(2)}, ${ciHigh.toFixed(2)}]`;

function worthWords({ ratio, low, high, verdict }: RateComparison): string {
  const interval = low === null || high === null ? {} : { ciLow: Math.exp(low), ciHigh: Math.exp(high) };
  const found = ratioWords({ ratio, ...interval } as Gain);
  return `what the preset is chosen for is ${found} the default's (above 1 is better): ${verdict}, no gain was shown.`;
}
