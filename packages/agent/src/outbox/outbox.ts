// Results that have no receipt yet, on disk. A result is put here, flushed, before its order is acknowledged, and is
// forgotten only when the coordinator has said that it is committed.
import { mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { writeDurably } from "./durable-file.ts";
import { packResult, unpackResult } from "./outbox-file.ts";

/** The outbox of one agent. */
export interface Outbox {
  /** Keeps a result. @throws the system's error when the disk does not take it; nothing is kept then. */
  put(trialId: string, attempt: number, payload: Uint8Array): Promise<void>;
  /** Keys of what waits, oldest name first. */
  pending(): readonly string[];
  /** The bytes of one result; null when its file is damaged (it is set aside and reported). */
  read(key: string): Promise<Uint8Array | null>;
  /** Lets go of one result. */
  forget(key: string): Promise<void>;
}

const SUFFIX = ".result";
const SAFE_KEY = /^[A-Za-z0-9-]{1,80}\.\d{1,9}$/;

/** Name of an attempt in the outbox. @throws RangeError for ids that are not ours: they become file names. */
export function outboxKey(trialId: string, attempt: number): string {
  const key = `${trialId}.${attempt}`;
  if (!SAFE_KEY.test(key)) throw new RangeError(`trial id ${JSON.stringify(trialId)} can't be a file name`);
  return key;
}

/** The attempt that a name of `outboxKey` stands for. */
export function attemptOfKey(key: string): { trialId: string; attempt: number } {
  const dot = key.lastIndexOf(".");
  return { trialId: key.slice(0, dot), attempt: Number(key.slice(dot + 1)) };
}

/**
 * Opens the outbox in `folder`.
 * @param report told of damaged files, in one sentence.
 */
export async function openOutbox(folder: string, report: (problem: string) => void): Promise<Outbox> {
  const damaged = join(folder, "damaged");
  await mkdir(damaged, { recursive: true, mode: 0o700 });
  const names = (await readdir(folder)).filter((name) => name.endsWith(SUFFIX)).sort();
  const waiting = new Set(names.map((name) => name.slice(0, -SUFFIX.length)));
  const pathOf = (key: string) => join(folder, `${key}${SUFFIX}`);

  async function setAside(key: string): Promise<null> {
    waiting.delete(key);
    await rename(pathOf(key), join(damaged, `${key}${SUFFIX}`));
    report(
      `The stored result ${key} is damaged; it was moved to ${damaged}, and its trial will be run again.`,
    );
    return null;
  }

  return {
    async put(trialId, attempt, payload) {
      const key = outboxKey(trialId, attempt);
      await writeDurably(pathOf(key), packResult(payload));
      waiting.add(key);
    },
    pending: () => [...waiting],
    async read(key) {
      const payload = unpackResult(await readFile(pathOf(key)));
      return payload ?? (await setAside(key));
    },
    async forget(key) {
      waiting.delete(key);
      await rm(pathOf(key), { force: true });
    },
  };
}
