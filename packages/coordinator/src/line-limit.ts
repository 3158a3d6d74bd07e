// How much one sender may have written into the log: what it repeats a thousand times a second must not fill the disk.

/** Decides about one line of a sender. */
export interface LineLimit {
  /** @returns null: not this one; else how many of this sender were left out before it */
  admit(sender: string): number | null;
}

export interface LineLimits {
  readonly lines: number;
  readonly perMs: number;
  /** Of a monotonic clock. */
  readonly now: () => number;
}

/** Senders are machines that were let in, but on a bus with one password anybody may make names up. */
const SENDERS_MAX = 10_000;

interface Share {
  sinceMs: number;
  admitted: number;
  leftOut: number;
}

/** So many lines per sender in each stretch of time. */
export function limitLines({ lines, perMs, now }: LineLimits): LineLimit {
  const shares = new Map<string, Share>();
  return {
    admit(sender) {
      if (shares.size >= SENDERS_MAX) shares.clear();
      const before = shares.get(sender) ?? { sinceMs: now(), admitted: 0, leftOut: 0 };
      const isOver = now() - before.sinceMs >= perMs;
      const share = isOver ? { ...before, sinceMs: now(), admitted: 0 } : before;
      shares.set(sender, share);
      if (share.admitted >= lines) {
        share.leftOut += 1;
        return null;
      }
      const { leftOut } = share;
      share.admitted += 1;
      share.leftOut = 0;
      return leftOut;
    },
  };
}
