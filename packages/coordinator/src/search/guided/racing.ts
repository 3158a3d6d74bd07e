// The last steps: what lies close to the leader is measured again until it is clear who leads; then the leaders and the
// default are confirmed on fresh samples, and only those are published.
import { CONFIRMATION_SAMPLES_MIN } from "@ozone/shared/statistics/stopping";
import type { Seen } from "./evidence.ts";
import type { Knowledge } from "./knowledge.ts";
import { believedRanking, goalsInSight, goalsOf } from "./scores.ts";
import type { Space } from "./space.ts";

/** Still in the race after this many samples: within this share of the leader (search.md, 6). */
const WITHIN = [Number.POSITIVE_INFINITY, 0.16, 0.05, 0.035, 0.025];
/** Most that are compared for one purpose. */
export const CONTENDERS_MAX = 5;
/** A contender with so many samples is measured no more before it is confirmed. */
export const SAMPLES_MAX = 4;
/** A runner-up so close is confirmed as well. */
const CLOSE = 0.005;

/** A configuration and why it is measured again. */
export interface Repeat {
  readonly seen: Seen;
  readonly words: string;
}

/** The contender with the fewest samples, or null when the race is over. */
export function nextInRace(space: Space, knowledge: Knowledge): Repeat | null {
  let next: Repeat | null = null;
  for (const goal of goalsInSight(space, knowledge.seen, knowledge.triesBeyond)) {
    const ranked = believedRanking(space, knowledge, goal).slice(0, CONTENDERS_MAX);
    const [leader, second] = ranked;
    if (!leader || !second) continue;
    for (const one of ranked) {
      const { samples, exhausted, confirmedSamples, failures } = one.seen;
      if (samples >= SAMPLES_MAX || exhausted || confirmedSamples > 0 || failures.length > 1) continue;
      const behind = leader.score - one.score;
      const allowed = WITHIN[samples] ?? 0;
      if (one !== leader && behind > allowed) continue;
      if (one === leader && leader.score - second.score > allowed) continue;
      if (next && next.seen.samples <= samples) continue;
      const words = `once more, ${(100 * behind).toFixed(1)} % behind the leader for ${goal.purpose}`;
      next = { seen: one.seen, words: one === leader ? `once more, it leads for ${goal.purpose}` : words };
    }
  }
  return next;
}

/** What is to be confirmed and is not yet, most important first. */
export function finalists(space: Space, knowledge: Knowledge): Repeat[] {
  const chosen = new Map<string, Repeat>();
  for (const goal of goalsOf(space, knowledge.seen)) {
    const [leader, second] = believedRanking(space, knowledge, goal);
    if (!leader) continue;
    if (!chosen.has(leader.point.key))
      chosen.set(leader.point.key, { seen: leader.seen, words: `it leads for ${goal.purpose}` });
    if (second && leader.score - second.score <= CLOSE && !chosen.has(second.point.key))
      chosen.set(second.point.key, {
        seen: second.seen,
        words: `it is close to the leader for ${goal.purpose}`,
      });
  }
  const base = knowledge.seen.get(space.baseKey);
  if (base?.figures && !chosen.has(space.baseKey))
    chosen.set(space.baseKey, { seen: base, words: "the default, which the presets are compared with" });
  // A screening may have run out of samples; a confirmation that did is not asked for again.
  return [...chosen.values()].filter(
    ({ seen: { confirmedSamples, confirming, exhausted } }) =>
      confirmedSamples < CONFIRMATION_SAMPLES_MIN && !(confirming && exhausted),
  );
}
