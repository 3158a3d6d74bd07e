// The agent's own record of what it finished and what became of it: one line per event, append-only. It tells orders
// that were done before from new ones, and lets a person compare with what the coordinator stored.
import { createHash } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { messageOf, systemCodeOf } from "@ozone/shared/errors";
import { appendDurably, renameDurably } from "./durable-file.ts";

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

/** A file above this becomes the older one, of which there is one: some 30,000 attempts each. */
const FILE_BYTES_MAX = 8 * 1024 * 1024;

/** A file that can't be read must not keep the agent from its work; it is kept under another name. */
async function readText(path: string, report: (problem: string) => void): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (thrown) {
    if (systemCodeOf(thrown) === "ENOENT") return "";
    await renameDurably(path, `${path}.unreadable`);
    report(
      `The journal ${path} can't be read (${messageOf(thrown)}); it was moved to ${path}.unreadable, and attempts that it told of may be run again.`,
    );
    return "";
  }
}

function entryOf(line: string): JournalEntry | null {
  try {
    const entry = JSON.parse(line) as Partial<JournalEntry> | null;
    return typeof entry?.attempt === "string" ? (entry as JournalEntry) : null;
  } catch {
    return null;
  }
}

/** Cut off by a crash or a full disk, which is ordinary: the event did not happen as far as anyone knows. */
const isTorn = (line: string): boolean => line.startsWith("{") && !line.endsWith("}");

/** The attempts that a file says were finished. */
async function readFinished(path: string, report: (problem: string) => void): Promise<Set<string>> {
  const lines = (await readText(path, report)).split("\n");
  const isLast = (at: number) => at === lines.length - 1;
  const damaged = lines.filter(
    (line, at) => line !== "" && !isLast(at) && !isTorn(line) && entryOf(line) === null,
  );
  if (damaged.length > 0)
    report(
      `The journal ${path} has damaged lines (${damaged.length}), which were passed over; attempts that they told of may be run again.`,
    );
  const entries = lines.map(entryOf).filter((entry) => entry?.event === "finished");
  return new Set(entries.map((entry) => entry?.attempt ?? ""));
}

const isFull = (path: string): Promise<boolean> =>
  stat(path).then(
    ({ size }) => size > FILE_BYTES_MAX,
    () => false,
  );

/**
 * Opens the journal in `folder`.
 * @param report told of damage, in one sentence.
 */
export async function openJournal(folder: string, report: (problem: string) => void): Promise<Journal> {
  const path = join(folder, "journal.jsonl");
  const older = `${path}.1`;
  /** What each of the two files tells of: no more is kept in memory than on disk. */
  let [before, now] = [await readFinished(older, report), await readFinished(path, report)];
  let lastWrite: Promise<void> = Promise.resolve();

  async function append(entry: JournalEntry): Promise<void> {
    if (await isFull(path)) {
      await renameDurably(path, older);
      [before, now] = [now, new Set()];
    }
    if (entry.event === "finished") now.add(entry.attempt);
    await appendDurably(path, JSON.stringify({ at: new Date().toISOString(), ...entry }));
  }

  /** One after the other: two that found the file full would put an empty one in the older one's place. */
  function write(entry: JournalEntry): Promise<void> {
    lastWrite = lastWrite.catch(() => undefined).then(() => append(entry));
    return lastWrite;
  }

  return {
    isFinished(trialId, attempt) {
      const key = attemptKey(trialId, attempt);
      return now.has(key) || before.has(key);
    },
    finished(trialId, attempt, payload) {
      const digest = createHash("sha256").update(payload).digest("hex");
      return write({ event: "finished", attempt: attemptKey(trialId, attempt), digest });
    },
    settled: write,
  };
}
