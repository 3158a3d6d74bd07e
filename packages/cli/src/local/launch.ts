// Starts one of our own programs so that it outlives this command, its output going to a log file.
import { spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, renameSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { LOGS_FOLDER } from "@ozone/shared/data-folder";
import { OzoneError, systemCodeOf } from "@ozone/shared/errors";
import { LOG_BYTES_MAX } from "@ozone/shared/limits";
import { inheritedEnv } from "./inherited-env.ts";
import { followLog, type LogFollower } from "./log-lines.ts";
import type { ProgramName } from "./process-identity.ts";

const PACKAGES: Readonly<Record<ProgramName, string>> = {
  "ozone-coordinator": "@ozone/coordinator",
  "ozone-engine": "@ozone/engine",
  "ozone-agent": "@ozone/agent",
};

/** What to start. */
export interface LaunchOptions {
  readonly program: ProgramName;
  readonly args: readonly string[];
  readonly folder: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** A program that was just started. */
export interface Launched {
  readonly pid: number;
  /** Null while it runs, else how it ended. */
  ended(): string | null;
  /** What it wrote since it was started. */
  readonly log: LogFollower;
  readonly logPath: string;
}

/** Where the program lies as one file, when the command line was installed beside it (docs/deploying.md). */
const oneFile = (program: ProgramName): string =>
  fileURLToPath(new URL(`../../${program}.mjs`, import.meta.url));

/** Absolute path of a program's launcher, found the way Node finds packages, or of the program as one file. */
export function programPath(program: ProgramName): string {
  if (existsSync(oneFile(program))) return oneFile(program);
  const packageName = PACKAGES[program];
  try {
    const manifest = createRequire(import.meta.url).resolve(`${packageName}/package.json`);
    const { bin } = JSON.parse(readFileSync(manifest, "utf8")) as { bin?: Record<string, string> };
    const path = join(dirname(manifest), bin?.[program] ?? "");
    if (bin?.[program] && existsSync(path)) return path;
  } catch (thrown) {
    const message = `${program} is not installed beside ozone; run \`npm install\` and \`npm run build\` in Ozone's folder.`;
    throw new OzoneError("not_found", message, { cause: thrown });
  }
  throw new OzoneError("not_found", `${packageName} has no program ${program}; run \`npm install\` again.`);
}

/** Starts the program in its own session, with the data folder in its environment. */
export async function launch({ program, args, folder, env = {} }: LaunchOptions): Promise<Launched> {
  const logPath = join(folder, LOGS_FOLDER, `${program.replace("ozone-", "")}.log`);
  const log = openLog(logPath);
  const child = spawn(process.execPath, [programPath(program), ...args], {
    detached: true,
    windowsHide: true,
    cwd: folder,
    env: { ...inheritedEnv(program, process.env), ...env, OZONE_DATA_DIR: folder },
    stdio: ["ignore", log.descriptor, log.descriptor],
  });
  closeSync(log.descriptor);
  let ended: string | null = null;
  child.once("exit", (code, signal) => {
    ended = signal ? `ended by ${signal}` : `ended with code ${code}`;
  });
  await new Promise<void>((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", reject);
  });
  child.unref();
  return { pid: child.pid ?? 0, ended: () => ended, log: followLog(logPath, log.bytes), logPath };
}

/** Appended to: the coordinator empties a log that has grown too large while its program runs. */
function openLog(path: string): { descriptor: number; bytes: number } {
  try {
    mkdirSync(dirname(path), { recursive: true });
    if (existsSync(path) && statSync(path).size > LOG_BYTES_MAX) renameSync(path, `${path}.1`);
    const descriptor = openSync(path, "a", 0o600);
    return { descriptor, bytes: statSync(path).size };
  } catch (thrown) {
    throw cannotWrite(path, thrown);
  }
}

/** One sentence for a data folder that can't be written to. */
export function cannotWrite(path: string, thrown: unknown): OzoneError {
  const code = systemCodeOf(thrown) ?? "unknown error";
  const advice =
    code === "ENOSPC" ? "free some space there" : "set OZONE_DATA_DIR to a folder that you may write to";
  return new OzoneError("unavailable", `Cannot write ${path} (${code}); ${advice}.`, { cause: thrown });
}
