// One start at a time per data folder: two coordinators that start together must not both run initdb, nor open the
// same JetStream store twice. The lock names its holder, so the lock of a killed process is seen as such and broken.
import { randomUUID } from "node:crypto";
import { readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import { birthOf, isAlive } from "./process-identity.ts";

const DEADLINE_MS = 180_000;
const UNWRITTEN_AGE_MS = 10_000;

/**
 * Runs `work` while holding the lock file; waits for another holder first.
 * @throws Error when a living process keeps the lock for more than `deadlineMs`, or whatever `work` throws.
 */
export async function withStartLock<T>(
  file: string,
  work: () => Promise<T>,
  deadlineMs: number = DEADLINE_MS,
): Promise<T> {
  const token = `${process.pid} ${birthOf(process.pid) ?? "-"} ${randomUUID()}`;
  await acquire(file, token, performance.now() + deadlineMs);
  try {
    return await work();
  } finally {
    if ((await readHolder(file)) === token) await rm(file, { force: true });
  }
}

async function acquire(file: string, token: string, deadline: number): Promise<void> {
  while (!(await tryCreate(file, token))) {
    const holder = await readHolder(file);
    if (holder === null) continue;
    if (await isAbandoned(file, holder)) await breakLock(file, holder);
    else if (performance.now() > deadline) {
      throw new Error(
        `Process ${holder.split(" ")[0]} has been starting the embedded servers for minutes: end it, or remove ${file} if it is something else.`,
      );
    } else await wait(25);
  }
}

async function tryCreate(file: string, token: string): Promise<boolean> {
  try {
    await writeFile(file, token, { flag: "wx", mode: 0o600 });
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return false;
    await rm(file, { force: true }); // On a full disk it is created, but can't be written to.
    throw error;
  }
}

async function readHolder(file: string): Promise<string | null> {
  return readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw error;
  });
}

async function isAbandoned(file: string, holder: string): Promise<boolean> {
  const [pid, birth] = holder.split(" ");
  if (pid === undefined || birth === undefined) {
    // Created but not written: its owner is about to write, unless it died just there.
    const found = await stat(file).catch(() => null); // released meanwhile
    return found !== null && Date.now() - found.mtimeMs > UNWRITTEN_AGE_MS;
  }
  if (!isAlive(Number(pid))) return true;
  return birth !== "-" && birthOf(Number(pid)) !== birth;
}

/** Moves the abandoned lock aside; puts it back when, in between, someone else's fresh lock was moved instead. */
async function breakLock(file: string, abandoned: string): Promise<void> {
  const aside = `${file}.broken-${randomUUID()}`;
  try {
    await rename(file, aside);
  } catch {
    return; // Another process broke or released it first.
  }
  const moved = await readFile(aside, "utf8");
  if (moved !== abandoned) await tryCreate(file, moved);
  await rm(aside, { force: true });
}
