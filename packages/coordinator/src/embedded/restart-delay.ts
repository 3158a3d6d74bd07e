// How long to wait before a server that ended is started again. Pure.

const FIRST_MS = 100;
const CAP_MS = 5_000;

/** A server that ran this long before it ended counts as healthy: its restart is a first one again. */
export const HEALTHY_MS = 10_000;

/**
 * Milliseconds before the next start: none at first, then 100 ms doubling up to 5 s, each cut by up to half at random
 * so that several servers of a host don't restart in step.
 * @param failures starts in a row that failed or didn't last, this one included (1 = the first end).
 * @param random from 0 (inclusive) to 1 (exclusive).
 */
export function restartDelayMs(failures: number, random: number): number {
  if (failures <= 1) return 0;
  const fullMs = Math.min(CAP_MS, FIRST_MS * 2 ** (failures - 2));
  return Math.round(fullMs * (1 - random / 2));
}
