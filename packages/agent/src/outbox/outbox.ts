// Results that have no receipt yet, on disk. A result is put here, flushed, before its order is acknowledged, and is
// forgotten only when the coordinator has said that it is committed.
import { mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { systemCodeOf } from "@ozone/shared/errors";
import { writeDurably } from "./durable-file.ts";
import { packResult, unpackResult } from "./outbox-file.ts";
import { keepFew } from "./set-aside.ts";

/** The outbox of one agent. */
export interface Outbox {
  /** Keeps a result. @throws the system's error when the disk does not take it; nothing is kept then. */
  put(trialId: string, attempt: number, payload: Uint8Array): Promise<void>;
  /** Keys of what waits, oldest name first. */
  pending(): readonly string[];
  /**
   * The bytes of one result; null when there are none: its file is damaged (it is set aside) or was removed, both
   * reported, or its receipt came meanwhile.
   * @throws the system's error when the file is there and can't be read; it still waits then
   */
  read(key: string): Promise<Uint8Array | null>;
  /** Keeps a copy, for people to look at, of what is too large to be sent. @returns its file. @throws the system's error */
  copyAside(key: string, payload: Uint8Array): Promise<string>;
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
 * @param report told of damaged files and of those that are none of ours, in one sentence.
 */
export async function openOutbox(folder: string, report: (problem: string) => void): Promise<Outbox> {
  const damaged = join(folder, "damaged");
  const tooLarge = join(folder, "too-large");
  await mkdir(damaged, { recursive: true, mode: 0o700 });
  const names = (await readdir(folder)).filter((name) => name.endsWith(SUFFIX)).sort();
  const keys = names.map((name) => name.slice(0, -SUFFIX.length));
  for (const key of keys.filter((one) => !SAFE_KEY.test(one)))
    report(`${join(folder, `${key}${SUFFIX}`)} is no result of this agent by its name; it is left alone.`);
  const waiting = new Set(keys.filter((one) => SAFE_KEY.test(one)));
  const pathOf = (key: string) => join(folder, `${key}${SUFFIX}`);

  async function setAside(key: string): Promise<null> {
    await rename(pathOf(key), join(damaged, `${key}${SUFFIX}`));
    waiting.delete(key);
    report(
      `The stored result ${key} is damaged; it was moved to ${damaged}, and its trial will be run again.`,
    );
    await keepFew(damaged, report);
    return null;
  }

  function lost(key: string): null {
    // Otherwise its receipt came while it was about to be sent again.
    if (waiting.delete(key))
      report(
        `The stored result ${key} was removed from ${folder} by others; its trial will be run again unless the coordinator has it.`,
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
      try {
        return unpackResult(await readFile(pathOf(key))) ?? (await setAside(key));
      } catch (thrown) {
        if (systemCodeOf(thrown) === "ENOENT") return lost(key);
        throw thrown;
      }
    },
    async copyAside(key, payload) {
      const file = join(tooLarge, `${key}.${payload.length}-bytes${SUFFIX}`);
      await mkdir(tooLarge, { recursive: true, mode: 0o700 });
      await writeDurably(file, packResult(payload));
      await keepFew(tooLarge, report);
      return file;
    },
    async forget(key) {
      waiting.delete(key);
      await rm(pathOf(key), { force: true });
    },
  };
}
