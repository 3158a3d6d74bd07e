// The arithmetic of a limited context: cutting a prompt that is too long, shifting a full context, and finding how much
// of a prompt is already in the cache. Pure; the rules are those of Ollama's llama runner (up to 0.24).

/** Tokens to keep at the start of a shifted or cut history: num_keep, plus the begin-of-text token if there is one. */
export function keptTokens(
  numKeep: number,
  prompt: { length: number; startsWithBos: boolean },
  limit: number,
): number {
  const asked = numKeep < 0 ? prompt.length : numKeep;
  // At least one token must remain that can be discarded.
  return Math.min(asked + (prompt.startsWithBos ? 1 : 0), limit - 1);
}

/** Cuts a prompt to exactly `limit` tokens: the first `keep` stay, then the newest. Shorter prompts come back as they are. */
export function cutPrompt(tokens: readonly number[], keep: number, limit: number): readonly number[] {
  if (tokens.length <= limit) return tokens;
  const discard = tokens.length - limit;
  return [...tokens.slice(0, keep), ...tokens.slice(keep + discard)];
}

/** Tokens to discard after the first `keep` so that half of the rest of the context is free. */
export function shiftDiscard(cachedLength: number, keep: number, limit: number): number {
  const targetFree = Math.max(Math.floor((limit - keep) / 2), 1);
  const currentFree = limit - cachedLength;
  return Math.max(targetFree - currentFree, 0);
}

/** How many leading tokens two lists share. */
export function commonPrefixLength(left: readonly number[], right: readonly number[]): number {
  const length = Math.min(left.length, right.length);
  let count = 0;
  while (count < length && left[count] === right[count]) count += 1;
  return count;
}

/** Cached tokens that a prompt may reuse: one token is always computed, so that there is something to sample from. */
export function reusableTokens(cached: readonly number[], prompt: readonly number[]): number {
  return Math.min(commonPrefixLength(cached, prompt), prompt.length - 1);
}
