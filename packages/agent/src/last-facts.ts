// What the machine was at the agent's last start, kept in its data folder, and what changed since.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { messageOf, systemCodeOf } from "@ozone/shared/errors";
import { hardwareChanges } from "@ozone/shared/hardware-changes";
import { type HardwareChange, type MachineFacts, parseMachineFacts } from "@ozone/shared/machine-facts";
import { writeDurably } from "./outbox/durable-file.ts";

const FILE = "machine-facts.json";
/** Older ones have been measured over long ago. */
const CHANGES_KEPT = 8;

/** Facts with the changes that earlier starts and this one noticed. Pure. */
export function withChanges(before: MachineFacts | null, now: MachineFacts, at: Date): MachineFacts {
  const noticed = before === null ? [] : hardwareChanges(before, now);
  const fresh = noticed.map((what): HardwareChange => ({ what, changedAt: at.toISOString() }));
  return { ...now, changes: [...(before?.changes ?? []), ...fresh].slice(-CHANGES_KEPT) };
}

/**
 * Compares with the last start and keeps the facts for the next one.
 * @param report told in one sentence when those of the last start can't be used
 * @returns the facts with their changes, and a sentence for each change that is new
 */
export async function rememberFacts(
  dataDir: string,
  probed: MachineFacts,
  report: (problem: string) => void,
): Promise<{ facts: MachineFacts; noticed: string[] }> {
  const before = await readFacts(join(dataDir, FILE), report);
  const facts = withChanges(before, probed, new Date());
  await writeDurably(join(dataDir, FILE), Buffer.from(`${JSON.stringify(facts)}\n`));
  return { facts, noticed: before === null ? [] : hardwareChanges(before, probed) };
}

/** Null at the first start, and for facts that are damaged or of another version: nothing is known to have changed then. */
async function readFacts(path: string, report: (problem: string) => void): Promise<MachineFacts | null> {
  try {
    return parseMachineFacts(JSON.parse(await readFile(path, "utf8")));
  } catch (thrown) {
    if (systemCodeOf(thrown) === "ENOENT") return null;
    const reason = messageOf(thrown).replace(/\.$/, "");
    report(
      `What this machine was at the last start can't be read from ${path} (${reason}): changes since then are not noticed, and the file is written anew.`,
    );
    return null;
  }
}
