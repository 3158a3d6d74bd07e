// `ozone-coordinator doctor`: every prerequisite of a coordinator on this machine, each with what to do. Changes nothing.
import { constants } from "node:fs";
import { access, stat, statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { parseArgs } from "node:util";
import { askProbes, exitCodeOf, type Finding, findingsText, type Probe } from "@ozone/shared/doctor/findings";
import { type FolderLook, judgeClock, judgeFolder, judgeNode } from "@ozone/shared/doctor/judge-host";
import { OzoneError } from "@ozone/shared/errors";
import { runCommand } from "../embedded/run-command.ts";
import { doorProbes } from "./door-probes.ts";
import { askDatabase, partProbes } from "./part-probes.ts";
import type { DoctorSettings } from "./settings.ts";

/** Longer than any of the probes' own limits: they say better what is wrong. */
const LIMIT_MS = 8_000;
const CLOCK_MS = 3_000;

/** What the command prints, and its exit code. @throws OzoneError invalid_input for wrong words */
export async function runDoctor(
  words: readonly string[],
  settings: DoctorSettings,
): Promise<{ text: string; exitCode: number }> {
  const json = readWords(words);
  const database = askDatabase(settings);
  const probes = [
    ...hostProbes(settings),
    ...partProbes(settings, database),
    ...doorProbes(settings, database),
  ];
  const findings = await askProbes(probes, LIMIT_MS);
  const text = json ? `${JSON.stringify({ findings }, null, 2)}\n` : findingsText(findings);
  return { text, exitCode: exitCodeOf(findings) };
}

function readWords(words: readonly string[]): boolean {
  try {
    return parseArgs({ args: [...words], options: { json: { type: "boolean" } } }).values.json ?? false;
  } catch {
    throw new OzoneError("invalid_input", "Write `ozone-coordinator doctor [--json]`.");
  }
}

function hostProbes({ dataDir }: DoctorSettings): Probe[] {
  const probe = (subject: string, look: () => Promise<Finding | Finding[]>): Probe => ({
    subject,
    look: async () => [await look()].flat(),
  });
  const words = {
    what: "data and logs",
    advice: "Give it to the coordinator's user, or name another in OZONE_DATA_DIR.",
  };
  return [
    probe("node", async () => judgeNode(process.version)),
    probe("data folder", async () => judgeFolder(await lookAtFolder(dataDir), words)),
    probe("clock", async () => judgeClock(await isSynchronised())),
  ];
}

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false, // not there, or in a folder that can't be entered: judged by the folder above
  );

async function lookAtFolder(path: string): Promise<FolderLook> {
  let nearest = path;
  while (!(await isThere(nearest)) && dirname(nearest) !== nearest) nearest = dirname(nearest);
  const writable = await access(nearest, constants.W_OK | constants.X_OK).then(
    () => true,
    () => false,
  );
  const space = await statfs(nearest).catch(() => null); // not every file system tells
  const freeBytes = space === null ? null : space.bavail * space.bsize;
  return { path, exists: nearest === path, writable, freeBytes };
}

async function isSynchronised(): Promise<boolean | null> {
  const asked = await runCommand({
    file: "timedatectl",
    args: ["show", "-p", "NTPSynchronized", "--value"],
    timeoutMs: CLOCK_MS,
  }).catch(() => null); // not every system has it
  const said = asked?.code === 0 ? asked.output.trim() : "";
  return said === "yes" ? true : said === "no" ? false : null;
}
