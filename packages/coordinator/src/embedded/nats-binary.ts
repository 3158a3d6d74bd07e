// Which nats-server program to run: a named one, one on PATH, one in Ozone's cache, or one fetched from Debian's packages.
import { access, constants, mkdir, readdir, realpath, stat } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { isAtLeast } from "./nats-config.ts";
import { fetchFromDebian } from "./nats-debian.ts";
import { runCommand } from "./run-command.ts";

/** A usable nats-server program. */
export interface NatsBinary {
  path: string;
  /** Such as "2.9.10". */
  version: string;
  /** "named": the caller named it; "debian": fetched just now. */
  source: "named" | "PATH" | "cache" | "debian";
}

export interface FindNatsOptions {
  /** Folder in which fetched programs are kept, one folder per version. */
  cacheDir: string;
  log: (line: string) => void;
  /** Use this program and no other (OZONE_NATS_SERVER). */
  named?: string | undefined;
  /** Folders to search, as in PATH; default: this process's PATH. */
  searchPath?: string | undefined;
}

/** Where a program may be without anything being fetched. */
export type LookForNats = Pick<FindNatsOptions, "cacheDir" | "named" | "searchPath">;

/** What `findNatsServer` would take of what is there; null: nothing. Changes nothing. @throws Error for a named one that is none */
export async function seeNatsServer({
  cacheDir,
  named,
  searchPath,
}: LookForNats): Promise<NatsBinary | null> {
  const log = () => undefined;
  if (named !== undefined && named !== "") return namedServer(named);
  const onPath = await onSearchPath(searchPath, log);
  if (onPath !== null) return onPath;
  const cached = await findCached(cacheDir, log).catch(() => null); // no cache yet
  return cached === null ? null : { ...cached, source: "cache" };
}

const namedServer = async (path: string): Promise<NatsBinary> => ({
  path,
  version: await natsVersion(path),
  source: "named",
});

async function onSearchPath(
  given: string | undefined,
  log: (line: string) => void,
): Promise<NatsBinary | null> {
  const folders = (given ?? process.env.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  const extra = given === undefined && process.platform === "linux" ? SYSTEM_FOLDERS : [];
  const found = await firstUsable([...folders, ...extra], log);
  return found === null ? null : { ...found, source: "PATH" };
}

/** Debian installs it here, and ordinary users there don't have it on their PATH. */
const SYSTEM_FOLDERS = ["/usr/local/sbin", "/usr/sbin"];
const OLDEST = { major: 2, minor: 9 };

/**
 * Finds a nats-server of version 2.9 or later, fetching one when the system has apt.
 * @throws Error saying what to install on this system.
 */
export async function findNatsServer(options: FindNatsOptions): Promise<NatsBinary> {
  const { cacheDir, log, named } = options;
  if (named !== undefined && named !== "") return namedServer(named);
  const onPath = await onSearchPath(options.searchPath, log);
  if (onPath !== null) return onPath;
  await mkdir(cacheDir, { recursive: true });
  const cached = await findCached(cacheDir, log);
  if (cached !== null) return { ...cached, source: "cache" };
  const problem = await fetchFromDebian({ cacheDir: await realpath(cacheDir), log, versionOf: natsVersion });
  // Looked up even after a problem: another process may have put it there at the same moment.
  const fetched = await findCached(cacheDir, log);
  if (fetched !== null) return { ...fetched, source: "debian" };
  throw new Error(
    `No nats-server (2.9 or later) was found on PATH. ${problem ?? ""} ${installAdvice(process.platform)}`,
  );
}

/** What to install, by system. Pure. */
export function installAdvice(platform: NodeJS.Platform): string {
  const install =
    platform === "darwin"
      ? "Install it with `brew install nats-server`"
      : platform === "win32"
        ? "Install it with `winget install NATSAuthors.NATSServer` or `scoop install nats-server`, or put the release from github.com/nats-io/nats-server on PATH"
        : "Install the package nats-server of this system (such as `apt-get install nats-server`)";
  return `${install}, name a program in OZONE_NATS_SERVER, or set OZONE_NATS_URL to a NATS server of yours.`;
}

/**
 * Asks a program for its version.
 * @throws Error when it can't be run, is no nats-server, or is older than 2.9.
 */
export async function natsVersion(path: string): Promise<string> {
  const advice = "Name a nats-server of version 2.9 or later in OZONE_NATS_SERVER, or set OZONE_NATS_URL.";
  const result = await runCommand({ file: path, args: ["--version"], timeoutMs: 10_000 }).catch(
    (error: Error) => {
      throw new Error(`${error.message}. ${advice}`, { cause: error });
    },
  );
  const version = /nats-server: v?(\d+\.\d+\.\d+\S*)/.exec(result.output)?.[1];
  if (version === undefined) {
    throw new Error(
      `${path} is not a nats-server (it answered ${JSON.stringify(result.output.slice(0, 80))}). ${advice}`,
    );
  }
  if (!isAtLeast(version, OLDEST.major, OLDEST.minor)) {
    throw new Error(`${path} is nats-server ${version}, too old for Ozone. ${advice}`);
  }
  return version;
}

async function firstUsable(
  folders: readonly string[],
  log: (line: string) => void,
): Promise<{ path: string; version: string } | null> {
  const file = process.platform === "win32" ? "nats-server.exe" : "nats-server";
  for (const folder of folders) {
    const path = join(folder, file);
    if (!(await isProgram(path))) continue;
    try {
      return { path, version: await natsVersion(path) };
    } catch (error) {
      log(`Passed over: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return null;
}

async function isProgram(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false; // Absent, or not ours to run.
  }
}

/** The newest usable program in the cache (folders named nats-server-VERSION). */
async function findCached(
  cacheDir: string,
  log: (line: string) => void,
): Promise<{ path: string; version: string } | null> {
  const folders = (await readdir(cacheDir)).filter((name) => name.startsWith("nats-server-"));
  folders.sort((a, b) => b.localeCompare(a, "en", { numeric: true }));
  return firstUsable(
    folders.map((name) => join(cacheDir, name)),
    log,
  );
}
