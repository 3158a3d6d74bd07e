// Makes a new cluster with Postgres's own initdb.
import { randomUUID } from "node:crypto";
import { chown, mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { PostgresBinaries } from "./postgres-binaries.ts";
import type { ClusterPlace } from "./postgres-cluster.ts";
import { runCommand } from "./run-command.ts";
import { failureOf, lastLines } from "./server-log.ts";
import { writePrivateFile } from "./state-file.ts";

const TIMEOUT_MS = 300_000;

/**
 * Makes the cluster: aside first, then renamed, so that an interrupted one is never taken for a whole.
 * @throws Error with initdb's last words and what to do.
 */
export async function createCluster(
  place: ClusterPlace,
  binaries: PostgresBinaries,
  password: string,
): Promise<void> {
  const { cluster, home } = place;
  const suffix = `new-${randomUUID().slice(0, 8)}`;
  const fresh = `${cluster}.${suffix}`;
  const passwordFile = join(home, `initdb-password.${suffix}`);
  try {
    await mkdir(fresh, { mode: 0o700 });
    await writePrivateFile(passwordFile, `${password}\n`);
    await runInitdb(place, binaries, { fresh, passwordFile });
    await rename(fresh, cluster);
  } catch (error) {
    await rm(fresh, { recursive: true, force: true });
    throw explain(error, home);
  } finally {
    await rm(passwordFile, { force: true });
  }
}

/** Removes what an interrupted initdb left; that one may still be writing there, so a failure doesn't matter. */
export async function removeLeftovers(home: string): Promise<void> {
  const left = (await readdir(home)).filter((name) => /^(cluster|initdb-password)\.new-/.test(name));
  for (const name of left) {
    await rm(join(home, name), { recursive: true, force: true }).catch(() => undefined); // the next start tries again
  }
}

async function runInitdb(
  { home, account }: ClusterPlace,
  { initdb }: PostgresBinaries,
  { fresh, passwordFile }: { fresh: string; passwordFile: string },
): Promise<void> {
  if (account !== null) {
    for (const path of [fresh, passwordFile]) await chown(path, account.uid, account.gid);
  }
  const access = ["--username=ozone", `--pwfile=${passwordFile}`, "--auth=scram-sha-256"];
  const args = ["-D", fresh, ...access, "--encoding=UTF8", "--no-locale", "--no-instructions"];
  const result = await runCommand({ file: initdb, args, cwd: home, timeoutMs: TIMEOUT_MS, account });
  if (result.code === 0) return;
  const how = result.timedOut ? "did not end within 5 minutes" : `ended with status ${result.code}`;
  throw new Error(`initdb ${how}`, { cause: lastLines(result.output) });
}

/** The sentence of a failed initdb, from its own words or from the system's error. */
function explain(error: unknown, home: string): Error {
  const message = error instanceof Error ? error.message : String(error);
  const words = error instanceof Error && typeof error.cause === "string" ? error.cause : "";
  // In a container run with a bare user id: initdb wants a name for it.
  const nameless = /could not look up effective user ID/.test(words);
  const advice = nameless
    ? "This user id has no entry in /etc/passwd: add one, run as another user, or set OZONE_DATABASE_URL to a Postgres of yours."
    : `Check ${home}, or set OZONE_DATABASE_URL to a Postgres of yours.`;
  const what = `The embedded Postgres can't make its cluster: ${message}`;
  return failureOf({ what, folder: home, tail: words, advice });
}
