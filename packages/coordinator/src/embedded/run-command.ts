// Runs one short command to its end and keeps what it printed: initdb, apt-get, dpkg-deb, `nats-server --version`.
import { spawn } from "node:child_process";

const OUTPUT_LIMIT_CHARACTERS = 64 * 1024;

export interface CommandOptions {
  file: string;
  args: readonly string[];
  /** The command is killed when it runs longer. */
  timeoutMs: number;
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  /** User and group to run as; only root may set them. */
  account?: { uid: number; gid: number } | null;
}

export interface CommandResult {
  /** Exit status; null when a signal ended it. */
  code: number | null;
  /** The last 64 KiB of stdout and stderr, in the order of their arrival. */
  output: string;
  timedOut: boolean;
}

/** Variables passed on to the commands and servers: never the PG* ones (they change what Postgres does), no secrets. */
const PASSED_VARIABLES = [
  ["PATH", "HOME", "TMPDIR", "LD_LIBRARY_PATH", "http_proxy", "https_proxy", "no_proxy"],
  ["SystemRoot", "windir", "TEMP", "TMP", "COMSPEC", "PATHEXT", "USERPROFILE"],
].flat();

/** The environment for our child processes: a short list of the caller's variables and untranslated messages. */
export function childEnvironment(): NodeJS.ProcessEnv {
  const environment: NodeJS.ProcessEnv = { LC_ALL: "C" };
  for (const name of PASSED_VARIABLES) {
    const value = process.env[name];
    if (value !== undefined) environment[name] = value;
  }
  return environment;
}

/**
 * Runs a command and waits for its end; a non-zero exit status is a result, not an error.
 * @throws Error when it can't be started at all (no such file, not executable, no right to change the user).
 */
export function runCommand(options: CommandOptions): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(options.file, options.args, {
      stdio: ["ignore", "pipe", "pipe"],
      env: options.env ?? childEnvironment(),
      windowsHide: true,
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      ...(options.account ?? {}),
    });
    let output = "";
    let timedOut = false;
    const keep = (chunk: Buffer): void => {
      output = (output + chunk.toString("utf8")).slice(-OUTPUT_LIMIT_CHARACTERS);
    };
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    const timer = setTimeout(() => {
      timedOut = true;
      child.kill("SIGKILL");
    }, options.timeoutMs);
    child.once("error", (error) => {
      clearTimeout(timer);
      reject(new Error(`${options.file} can't be started: ${error.message}`, { cause: error }));
    });
    child.once("close", (code) => {
      clearTimeout(timer);
      resolve({ code, output, timedOut });
    });
  });
}
