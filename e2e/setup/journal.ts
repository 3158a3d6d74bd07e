// The agents' own journals: what they say they finished and what became of it. The checkers read these, not the
// system's own log.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** One line. */
export interface JournalLine {
  readonly event: "finished" | "stored" | "duplicate" | "stale" | "refused";
  readonly attempt: string;
  readonly digest?: string;
}

/** All complete lines of an agent's journal. */
export function readJournal(agentDataDir: string): JournalLine[] {
  const path = join(agentDataDir, "journal.jsonl");
  if (!existsSync(path)) return [];
  return readFileSync(path, "utf8")
    .split("\n")
    .flatMap((line) => {
      try {
        return [JSON.parse(line) as JournalLine];
      } catch {
        return []; // Torn by a kill while it was written.
      }
    });
}

/** Attempt -> digest, of everything that the coordinator said it has (stored, or stored before). */
export function receiptedDigests(lines: readonly JournalLine[]): Map<string, string> {
  const finished = new Map<string, string>();
  for (const line of lines)
    if (line.event === "finished" && line.digest) finished.set(line.attempt, line.digest);
  const kept = lines.filter(({ event }) => event === "stored" || event === "duplicate");
  return new Map(kept.map(({ attempt }) => [attempt, finished.get(attempt) ?? "finished is missing"]));
}
