// Rates and times of one sample, from the server's own figures and the client's clock. Pure; the definitions are in
// docs/metrics.md.
import { quantile } from "@ozone/shared/statistics/median";
import { rate } from "@ozone/shared/units";
import type { ServerFigures, Timings } from "./timings.ts";

/**
 * Decode rate in tokens per second. eval_duration runs from the first token to the last: N tokens, N - 1 steps.
 * @returns null when there is no step or no duration.
 */
export const decodeRate = ({ generatedTokens, evalNs }: ServerFigures): number | null =>
  rate(generatedTokens - 1, evalNs);

/** Prefill rate in tokens per second, over the tokens that were really computed. */
export const prefillRate = ({ promptTokens, cachedTokens, prefillNs }: ServerFigures): number | null =>
  rate(promptTokens - (cachedTokens ?? 0), prefillNs);

/** Below this many gaps not even one is expected beyond the 95th percentile. */
const P95_GAPS_MIN = 20;

/** Gaps between chunks in milliseconds; null where there are too few. */
export const interTokenTimes = ({ gapsMs }: Timings): { p50Ms: number | null; p95Ms: number | null } => ({
  p50Ms: gapsMs.length === 0 ? null : quantile(gapsMs, 0.5),
  p95Ms: gapsMs.length < P95_GAPS_MIN ? null : quantile(gapsMs, 0.95),
});
