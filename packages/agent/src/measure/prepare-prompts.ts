// The source of an attempt's prompts: a word pool from the cache or from calibration, verified against the loaded model.
import { randomBytes } from "node:crypto";
import { TrialFailure } from "@ozone/shared/failure";
import { ask } from "./ask-model.ts";
import { type Attempt, versionOf, warn } from "./attempt.ts";
import { calibrateWords } from "./calibrate-words.ts";
import { expectedMs } from "./time-limits.ts";
import { serverFiguresOf } from "./timings.ts";
import { candidateWords } from "./word-list.ts";
import { drawWords, PromptSource, type Random, tokensOf, type WordPool } from "./word-pool.ts";
import { type PoolKey, readPool, writePool } from "./word-pool-cache.ts";

/** Fewer words than this make prompts too much alike. */
const WORDS_MIN = 16;

/** A pool from the cache is verified with all its words where that costs little, else with some of them. */
const VERIFYING_WORDS = 64;
const VERIFYING_MS = 1_500;

/** Unpredictable numbers in [0, 1): a prompt must not repeat between runs either. */
const chance: Random = () => randomBytes(4).readUInt32LE() / 2 ** 32;

/** @throws TrialFailure prompt_not_exact, or what a request throws */
export async function preparePrompts(attempt: Attempt): Promise<PromptSource> {
  const key: PoolKey = { digest: attempt.model?.digest ?? "", engineVersion: versionOf(attempt) };
  const cached = await readPool(attempt.ports.cacheDir, key);
  if (cached !== null && (await countsRight(attempt, cached))) return sourceOf(attempt, cached);
  attempt.ports.onActivity(`finding words of exactly one token for ${attempt.order.modelName}`);
  const pool = await calibrateWords(candidateWords, (prompt) => countTokens(attempt, prompt));
  if (pool.exact && pool.words.length < WORDS_MIN) {
    throw new TrialFailure(
      "prompt_not_exact",
      `Only ${pool.words.length} of ${candidateWords.length} common words are one token for ${attempt.order.modelName}; no prompt of an exact length can be made from them. Please report the model.`,
    );
  }
  if (pool.exact) await store(attempt, key, pool);
  return sourceOf(attempt, pool);
}

function sourceOf(attempt: Attempt, pool: WordPool): PromptSource {
  attempt.overheadTokens = pool.overheadTokens;
  attempt.exactLengths = pool.exact;
  return new PromptSource(pool, chance);
}

async function store(attempt: Attempt, key: PoolKey, pool: WordPool): Promise<void> {
  const problem = await writePool(attempt.ports.cacheDir, key, pool);
  if (problem === null) return;
  warn(attempt, {
    code: "cache_not_written",
    message: `The words for ${attempt.order.modelName} could not be stored (${problem}); each trial will find them again.`,
  });
}

async function countsRight(attempt: Attempt, pool: WordPool): Promise<boolean> {
  const words = verifyingWords(attempt, pool);
  return (await countTokens(attempt, words.join(" "))) === tokensOf(pool, words.length);
}

/** A few drawn words may miss the one that is no longer a single token; every word once can't. */
function verifyingWords(attempt: Attempt, pool: WordPool): string[] {
  const [opener = ""] = pool.openers;
  const all = [opener, ...pool.words];
  const fits = all.length <= attempt.configuration.numCtx / 2;
  const ms = expectedMs({ promptTokens: all.length, numPredict: 1 }, attempt.pace);
  return fits && ms !== null && ms <= VERIFYING_MS ? all : drawWords(pool, VERIFYING_WORDS, chance);
}

async function countTokens(attempt: Attempt, prompt: string): Promise<number> {
  const promptTokens = prompt.split(" ").length + 1;
  const record = await ask(attempt, { prompt, promptTokens, numPredict: 1 });
  return serverFiguresOf(record.done).promptTokens;
}
