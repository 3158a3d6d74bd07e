// The data folder's own name among coordinators: a process that starts there and finds its folder leading knows that the one
// before it is gone (run-file.ts refuses a second one), and need not wait for its lease.
import { randomUUID } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

const FILE = "coordinator-id";
const ID = /^[0-9a-f-]{36}$/;

/** Reads it, or makes it. */
export async function coordinatorId(dataDir: string): Promise<string> {
  const path = join(dataDir, FILE);
  const kept = (await readFile(path, "utf8").catch(() => "")).trim();
  if (ID.test(kept)) return kept;
  const id = randomUUID();
  await writeFile(path, `${id}\n`, { mode: 0o600 });
  return id;
}
