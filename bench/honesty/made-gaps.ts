// From when a client saw tokens to when they were made, as far as that can be told. Pure.
//
// A client on a busy machine sees several tokens at once and then none for a while; an engine makes them one after the
// other, none faster than a step takes. So a token was made a step before the next one at the latest.
import { quantile } from "@ozone/shared/statistics/median";

/** Below this two tokens came in one read. */
const ONE_READ_MS = 0.1;

/** The step of an engine that nobody disturbs is a short one among those that were seen. */
const SHORT_STEP = 0.25;

/** Gaps between tokens as they were made, from the gaps in which they were seen; their sum only grows by the first one's lateness. */
export function madeGaps(seenMs: readonly number[]): number[] {
  const waits = seenMs.filter((gap) => gap >= ONE_READ_MS);
  if (waits.length === 0) return [...seenMs];
  const stepMs = quantile(waits, SHORT_STEP);
  const seenAt = [0];
  for (const gap of seenMs) seenAt.push((seenAt.at(-1) ?? 0) + gap);
  const madeAt = [...seenAt];
  for (let token = madeAt.length - 2; token >= 0; token -= 1) {
    madeAt[token] = Math.min(madeAt[token] ?? 0, (madeAt[token + 1] ?? 0) - stepMs);
  }
  return madeAt.slice(1).map((at, before) => at - (madeAt[before] ?? at));
}
