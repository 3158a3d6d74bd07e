// Samples of one configuration -> the figures that objectives look at.
import type { Configuration } from "@ozone/proto/configuration";
import type { Sample } from "@ozone/proto/trial";
import type { ObjectiveFigures } from "../objective.ts";
import { median } from "../statistics/median.ts";
import { optionValues } from "./option-values.ts";

/** Medians; null where no sample has a decode rate, or none a TTFT. */
export function figuresOf(
  configuration: Configuration,
  samples: readonly Sample[],
  successRate: number | undefined,
): ObjectiveFigures | null {
  const decode = samples.flatMap((sample) => sample.decodeTokensPerSecond ?? []);
  const ttft = samples.flatMap((sample) => sample.ttftMs ?? []);
  const prefill = samples.flatMap((sample) => sample.prefillTokensPerSecond ?? []);
  if (decode.length === 0 || ttft.length === 0) return null;
  return {
    numCtx: configuration.numCtx,
    decodeTokensPerSecond: median(decode),
    ttftMs: median(ttft),
    others: {
      ...optionValues(configuration),
      prefill_tps: prefill.length > 0 ? median(prefill) : undefined,
      success_rate: successRate,
    },
  };
}
