// A reading that must not disturb: it waits for its interval and for many times its own last duration.

/** One kind of reading may take this share of the time: 1/500 is 0.2 % of a core. */
const PAUSE_FACTOR = 500;

/**
 * Paces `read`.
 * @returns call it often; it reads when its time has come, or when forced
 */
export function paced(
  cost: { spent(ms: number): void },
  intervalMs: number,
  read: () => Promise<void>,
): (force: boolean) => Promise<void> {
  let notBefore = performance.now() + intervalMs;
  return async (force) => {
    const start = performance.now();
    if (start < notBefore && !force) return;
    await read();
    const tookMs = performance.now() - start;
    cost.spent(tookMs);
    notBefore = start + Math.max(intervalMs, tookMs * PAUSE_FACTOR);
  };
}
