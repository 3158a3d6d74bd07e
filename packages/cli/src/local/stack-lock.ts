// One `up` or `down` at a time per data folder.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { systemCodeOf } from "@ozone/shared/errors";
import { cannotWrite } from "./launch.ts";
import { exists } from "./process-identity.ts";
import { waitUntil } from "./wait-until.ts";

/** Longer than the slowest honest `up`. */
const LOCK_WAIT_MS = 300_000;

/** Runs `work` while no other command starts or stops things in this data folder. */
export async function withStackLock<Result>(
  folder: string,
  { progress, signal }: { progress: (line: string) => void; signal?: AbortSignal | undefined },
  work: () => Promise<Result>,
): Promise<Result> {
  const path = join(folder, "run", "stack.lock");
  let announced = false;
  await waitUntil(
    () => {
      if (take(path)) return true;
      if (!announced) progress("waiting for another ozone command that starts or stops things here");
      announced = true;
      return null;
    },
    {
      withinMs: LOCK_WAIT_MS,
      signal,
      onTimeout: () => `Another ozone command holds ${path}; wait for it, or delete that file if none runs.`,
    },
  );
  try {
    return await work();
  } finally {
    rmSync(path, { force: true });
  }
}

function take(path: string): boolean {
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `${process.pid}\n`, { flag: "wx" });
    return true;
  } catch (thrown) {
    if (systemCodeOf(thrown) !== "EEXIST") throw cannotWrite(path, thrown);
  }
  const holder = holderOf(path);
  // Ours is a leftover of an earlier process with our number; an empty file is being written this moment.
  if (holder !== null && (holder === process.pid || !exists(holder))) rmSync(path, { force: true });
  return false;
}

function holderOf(path: string): number | null {
  try {
    const pid = Number(readFileSync(path, "utf8").trim());
    return Number.isInteger(pid) && pid > 0 ? pid : null;
  } catch {
    return null; // released this moment
  }
}
