// Decides what goes into the next batch. Pure.

/** A sequence that wants computing: its place in the caller's list and how many tokens it has ready. */
export interface Waiting {
  readonly index: number;
  readonly readyTokens: number;
}

/** How many of its tokens a sequence may put into the batch. */
export interface Share {
  readonly index: number;
  readonly tokens: number;
}

/**
 * Divides a batch of at most `batchTokens` tokens: sequences that generate (one token ready) come first, so that a long
 * prompt does not hold them up; the rest of the batch goes to prompts in the order given.
 */
export function planBatch(waiting: readonly Waiting[], batchTokens: number): Share[] {
  const generating = waiting.filter(({ readyTokens }) => readyTokens === 1);
  const prompting = waiting.filter(({ readyTokens }) => readyTokens > 1);
  const shares: Share[] = [];
  let free = batchTokens;
  for (const { index, readyTokens } of [...generating, ...prompting]) {
    const tokens = Math.min(readyTokens, free);
    if (tokens > 0) shares.push({ index, tokens });
    free -= tokens;
  }
  return shares;
}
