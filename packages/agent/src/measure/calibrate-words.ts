// Finds out which words are one token each for a model, by asking the server to count prompts made of them (Ollama has
// no endpoint that tokenizes). The counting is a port, so that this needs no server.
import type { WordPool } from "./word-pool.ts";

/** The server's token count of a prompt. */
export type CountTokens = (prompt: string) => Promise<number>;

/** Words probed together; one bad word among them costs about 2 * log2(GROUP) probes more. */
const GROUP_WORDS = 25;

/** Words tried as the anchor before giving up. */
const ANCHOR_TRIES = 16;

/** Openers wanted, and probes spent on finding them. */
const OPENERS = 8;
const OPENER_PROBES = 12;

/** More probes than this are not worth their time; words not yet probed are left out. */
const PROBES_MAX = 160;

/** Words in the prompts that prove a pool: what holds for words one by one must hold for them together. */
const PROOF_WORDS = 48;
const SECOND_PROOF_WORDS = 16;

/**
 * Length of the words that are left when words don't count one by one: with the space before it such a word is four
 * characters, a token to those who count characters, and short enough to be whole to those who cut words into pieces.
 */
const SHORT_LETTERS = 3;

interface Anchor {
  readonly word: string;
  /** Tokens of the anchor alone, overhead included. */
  readonly tokens: number;
}

/**
 * Calibrates a pool from candidate words.
 * When no words add exactly one token each, the pool is marked as not exact: the server's counting can't be followed
 * (every word counted twice looks like counts that are inflated), and every sample will say so in its certificate.
 */
export async function calibrateWords(candidates: readonly string[], count: CountTokens): Promise<WordPool> {
  const pool = await poolOfSingles(candidates, count);
  if (pool !== null && (await holdsFor(pool, PROOF_WORDS, count))) return pool;
  return (await poolOfShortWords(candidates, count)) ?? guess(candidates);
}

const guess = (candidates: readonly string[]): WordPool => ({
  words: candidates,
  openers: candidates.slice(0, OPENERS),
  overheadTokens: 1,
  exact: false,
});

async function poolOfSingles(candidates: readonly string[], count: CountTokens): Promise<WordPool | null> {
  let probes = 0;
  const probe = (words: readonly string[]): Promise<number> => {
    probes += 1;
    return count(words.join(" "));
  };
  const anchor = await findAnchor(candidates, probe);
  if (anchor === null) return null;
  const words: string[] = [];
  for (let from = 0; from < candidates.length && probes < PROBES_MAX; from += GROUP_WORDS) {
    words.push(...(await goodWords(candidates.slice(from, from + GROUP_WORDS), anchor, probe)));
  }
  const openers = await findOpeners(words, anchor, probe);
  return { words, openers, overheadTokens: anchor.tokens - 1, exact: true };
}

/** `length` words of a pool in a fixed mixed order, an opener first. */
const mixed = ({ words, openers }: WordPool, length: number): string =>
  [
    openers[0],
    ...Array.from({ length: length - 1 }, (_, at) => words[(at * 7 + length) % words.length]),
  ].join(" ");

const holdsFor = async (pool: WordPool, length: number, count: CountTokens): Promise<boolean> =>
  (await count(mixed(pool, length))) === pool.overheadTokens + length;

/** Words of one length cost the same also where characters are counted; a token each, or there is no such pool. */
async function poolOfShortWords(candidates: readonly string[], count: CountTokens): Promise<WordPool | null> {
  const words = candidates.filter(({ length }) => length === SHORT_LETTERS);
  if (words.length === 0) return null;
  const pool: WordPool = { words, openers: words.slice(0, OPENERS), overheadTokens: 0, exact: true };
  const overheadTokens = (await count(mixed(pool, SECOND_PROOF_WORDS))) - SECOND_PROOF_WORDS;
  const proven = { ...pool, overheadTokens };
  return (await holdsFor(proven, PROOF_WORDS, count)) ? proven : null;
}

type Probe = (words: readonly string[]) => Promise<number>;

async function findAnchor(candidates: readonly string[], probe: Probe): Promise<Anchor | null> {
  for (const word of candidates.slice(0, ANCHOR_TRIES)) {
    const tokens = await probe([word]);
    if ((await probe([word, word])) === tokens + 1) return { word, tokens };
  }
  return null;
}

/** Bisection: a group that counts right is taken whole, one that does not is halved down to its bad words. */
async function goodWords(group: readonly string[], anchor: Anchor, probe: Probe): Promise<string[]> {
  if (group.length === 0) return [];
  if ((await probe([anchor.word, ...group])) === anchor.tokens + group.length) return [...group];
  if (group.length === 1) return [];
  const middle = Math.ceil(group.length / 2);
  const left = await goodWords(group.slice(0, middle), anchor, probe);
  return [...left, ...(await goodWords(group.slice(middle), anchor, probe))];
}

async function findOpeners(words: readonly string[], anchor: Anchor, probe: Probe): Promise<string[]> {
  const openers = [anchor.word];
  const step = Math.max(1, Math.floor(words.length / OPENER_PROBES));
  for (let at = 0; at < words.length && openers.length < OPENERS; at += step) {
    const word = words[at];
    if (word === undefined || word === anchor.word) continue;
    if ((await probe([word])) === anchor.tokens) openers.push(word);
  }
  return openers;
}
