// The agent's own record of what it finished and what became of it: one line per event, append-only. It tells orders
// that were done before from new ones, and lets a person compare with what the coordinator stored.
import { createHash } from "node:crypto";
import { readFile, rename, stat } from "node:fs/promises";
import { join } from "node:path";
import { systemCodeOf } from "@ozone/shared/errors";
import { appendDurably } from "./durable-file.ts";

/** An attempt of a trial, as text. */
export const attemptKey = (trialId: string, attempt: number): string => `${trialId}/${attempt}`;

/** One event. */
export interface JournalEntry {
  readonly event: "finished" | "stored" | "duplicate" | "stale" | "refused";
  readonly attempt: string;
  /** SHA-256 of the result's bytes, at "finished". */
  readonly digest?: string;
  readonly reason?: string;
}

/** The journal of one agent. */
export interface Journal {
  /** Whether this attempt was finished before, as far back as the journal goes. */
  isFinished(trialId: string, attempt: number): boolean;
  finished(trialId: string, attempt: number, payload: Uint8Array): Promise<void>;
  settled(entry: JournalEntry): Promise<void>;
}

const ROTATE_BYTES = 8 * 1024 * 1024;

async function readEntries(path: string): Promise<JournalEntry[]> {
  const text = await readFile(path, "utf8").catch((thrown: unknown) => {
    if (systemCodeOf(thrown) === "ENOENT") return "";
    throw thrown;
  });
  return text.split("\n").flatMap((line) => {
    try {
      return [JSON.parse(line) as JournalEntry];
    } catch {
      // A torn last line, from a crash while writing: the event did not happen as far as anyone knows.
      return [];
    }
  });
}

/** Keeps the journal bounded: one older file is kept. */
async function rotate(path: string): Promise<void> {
  const size = await stat(path).then(
    (found) => found.size,
    () => 0,
  );
  if (size > ROTATE_BYTES) await rename(path, `${path}.1`);
}

/** Opens the journal in `folder`. */
export async function openJournal(folder: string): Promise<Journal> {
  const path = join(folder, "journal.jsonl");
  const entries = [...(await readEntries(`${path}.1`)), ...(await readEntries(path))];
  const done = new Set(entries.filter(({ event }) => event === "finished").map(({ attempt }) => attempt));
  await rotate(path);
  const write = (entry: JournalEntry) =>
    appendDurably(path, JSON.stringify({ at: new Date().toISOString(), ...entry }));
  return {
    isFinished: (trialId, attempt) => done.has(attemptKey(trialId, attempt)),
    async finished(trialId, attempt, payload) {
      const key = attemptKey(trialId, attempt);
      done.add(key);
      await write({
        event: "finished",
        attempt: key,
        digest: createHash("sha256").update(payload).digest("hex"),
      });
    },
    settled: write,
  };
}
