// The script's tokenizer. It is simple on purpose, so that a test can count along: one token per lower-case word, one BOS.

/** The token before every prompt; it makes the constant overhead of exactly one token. */
export const BOS = "<s>";

/** Tokens are compared as text, so that a common prefix can be found; equal text is the same token. */
export type Token = string;

/**
 * Splits a prompt into tokens: one BOS, then one token per whitespace-separated lower-case word. Words of `badWords` cost two
 * tokens, and anything else (digits, capitals, punctuation) one per three characters but at least two.
 */
export function tokenize(prompt: string, badWords: ReadonlySet<string>): Token[] {
  const tokens: Token[] = [BOS];
  for (const word of prompt.split(/\s+/)) {
    if (word === "") continue;
    const pieces = piecesOf(word, badWords);
    if (pieces === 1) tokens.push(word);
    else for (let piece = 0; piece < pieces; piece += 1) tokens.push(`${word}#${piece}`);
  }
  return tokens;
}

/** The length of the longest common prefix of two token lists. */
export function commonPrefix(a: readonly Token[], b: readonly Token[]): number {
  const limit = Math.min(a.length, b.length);
  let length = 0;
  while (length < limit && a[length] === b[length]) length += 1;
  return length;
}

/** A small stable number for a token, for the `context` array of answers to prompts that were not raw. */
export function tokenId(token: Token): number {
  let hash = 7;
  for (let index = 0; index < token.length; index += 1) hash = (hash * 31 + token.charCodeAt(index)) % 32_000;
  return hash;
}

function piecesOf(word: string, badWords: ReadonlySet<string>): number {
  if (badWords.has(word)) return 2;
  return /^[a-z]+$/.test(word) ? 1 : Math.max(2, Math.ceil(word.length / 3));
}
