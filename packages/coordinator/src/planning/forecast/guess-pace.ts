// How fast a machine may be with a model that it never measured: a guess from the size of the weights and the bandwidth
// of the main memory. Wide, and labelled as a guess wherever it is shown. Pure.
import type { Configuration } from "@ozone/proto/configuration";
import type { MachineFacts } from "@ozone/shared/machine-facts";
import type { SearchModel } from "../../search/strategy.ts";
import { type Ends, ends, type Pace } from "./estimate-cost.ts";

/** Real engines reach this many times less than the bandwidth allows. */
const TOKEN_SLOWER = { low: 1, likely: 2, high: 4 };
/** A prompt token costs so many times less than a generated one, at most as many times as a batch has tokens. */
const PROMPT_FASTER = { low: 64, likely: 10, high: 2 };
/** Load, warm-up and unload: something fixed, and the weights from a disk of so many bytes per second. */
const LAUNCH = {
  low: { fixedMs: 1_000, bytesPerSecond: 3e9 },
  likely: { fixedMs: 3_000, bytesPerSecond: 1e9 },
  high: { fixedMs: 10_000, bytesPerSecond: 1e8 },
};

/** Where the weights may lie: with a GPU of its own, its bandwidth would count, and nobody has measured it. */
const onMainMemoryOnly = ({ gpus }: MachineFacts): boolean =>
  gpus?.every(({ unified }) => unified === true) ?? false;

/** Null where even a guess has no ground: bandwidth or weights are unknown, or a GPU may hold them. */
export function guessPace(
  facts: MachineFacts | null,
  { weightBytes, kvBytesPerToken }: SearchModel,
): ((configuration: Configuration) => Pace) | null {
  const bandwidth = facts?.memory.bandwidthBytesPerSecond ?? null;
  if (!facts || bandwidth === null || weightBytes === 0 || !onMainMemoryOnly(facts)) return null;
  // A small model may be read from the processor's cache.
  const fastest = Math.max(bandwidth, facts.memory.cacheBandwidthBytesPerSecond ?? 0);
  const bytesPerSecond: Ends<number> = { low: fastest, likely: bandwidth, high: bandwidth };
  return ({ numBatch }) =>
    ends((end) => {
      const fixed = (TOKEN_SLOWER[end] * weightBytes) / bytesPerSecond[end];
      const perDepthToken = (TOKEN_SLOWER[end] * kvBytesPerToken) / bytesPerSecond[end];
      const faster = Math.min(PROMPT_FASTER[end], numBatch);
      const { fixedMs, bytesPerSecond: disk } = LAUNCH[end];
      return {
        // Reading n tokens looks at n^2 / 2 pairs, a batch at a time.
        prefill: { linear: fixed / faster, quadratic: perDepthToken / 2 / faster },
        decode: { fixed, perDepthToken },
        launchMs: fixedMs + (1000 * weightBytes) / disk,
      };
    });
}
