// Keeps word pools on disk, one file per model digest and engine version: calibration costs some seconds, and the same
// model counts the same way tomorrow. What can't be read or written is only slower, never an error.
import { randomUUID } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { WordPool } from "./word-pool.ts";

/** What a pool belongs to. */
export interface PoolKey {
  readonly digest: string;
  readonly engineVersion: string;
}

const FORMAT = 1;

const plain = (text: string): string => text.replace(/[^A-Za-z0-9.-]/g, "_").slice(0, 80);

const fileOf = (cacheDir: string, { digest, engineVersion }: PoolKey): string =>
  join(cacheDir, `words-${plain(digest).slice(0, 24)}-${plain(engineVersion)}.json`);

const areWords = (value: unknown): value is string[] =>
  Array.isArray(value) &&
  value.length > 0 &&
  value.every((one) => typeof one === "string" && /^[a-z]+$/.test(one));

/** The stored pool, or null when there is none that can be trusted. */
export async function readPool(cacheDir: string, key: PoolKey): Promise<WordPool | null> {
  try {
    const stored = JSON.parse(await readFile(fileOf(cacheDir, key), "utf8")) as Record<string, unknown>;
    const { format, digest, words, openers, overheadTokens } = stored;
    if (format !== FORMAT || digest !== key.digest || !areWords(words) || !areWords(openers)) return null;
    if (typeof overheadTokens !== "number" || !Number.isInteger(overheadTokens)) return null;
    return { words, openers, overheadTokens, exact: true };
  } catch {
    // No file, or not ours: calibrate anew.
    return null;
  }
}

/** Stores a pool; the file appears whole or not at all. @returns why it could not be stored, or null */
export async function writePool(cacheDir: string, key: PoolKey, pool: WordPool): Promise<string | null> {
  const file = fileOf(cacheDir, key);
  const draft = `${file}.${randomUUID()}.draft`;
  try {
    await mkdir(cacheDir, { recursive: true });
    await writeFile(draft, JSON.stringify({ format: FORMAT, ...key, ...pool }), { mode: 0o600 });
    await rename(draft, file);
    return null;
  } catch (thrown) {
    await rm(draft, { force: true }).catch(() => {
      // The folder itself is the problem, and that is reported already.
    });
    return thrown instanceof Error ? thrown.message : String(thrown);
  }
}
