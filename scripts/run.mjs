// Runs commands for the other scripts: visible output, our own environment, exit codes that count.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

/** Root of the repository. */
export const ROOT = fileURLToPath(new URL("..", import.meta.url));

const isWindows = process.platform === "win32";

/**
 * Runs a command in the repository and waits for its end. Ctrl-C and SIGTERM reach it.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ quiet?: boolean, silent?: boolean, env?: Record<string, string>, cwd?: string }} [options] quiet: output is
 *   shown only on failure; silent: not even then; cwd: the root of the repository unless given.
 * @returns {Promise<number>} its exit code
 */
export function run(command, args, { silent = false, quiet = silent, env = {}, cwd = ROOT } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      shell: isWindows,
      stdio: quiet ? ["ignore", "pipe", "pipe"] : ["inherit", "inherit", "inherit"],
      env: {
        ...process.env,
        TURBO_TELEMETRY_DISABLED: "1",
        DO_NOT_TRACK: "1",
        ...(quiet ? { NO_COLOR: "1" } : {}),
        ...env,
      },
    });
    let output = "";
    child.stdout?.on("data", (chunk) => {
      output += chunk;
    });
    child.stderr?.on("data", (chunk) => {
      output += chunk;
    });
    const forward = (signal) => child.kill(signal);
    process.on("SIGINT", forward);
    process.on("SIGTERM", forward);
    child.on("error", reject);
    child.on("close", (code, signal) => {
      process.off("SIGINT", forward);
      process.off("SIGTERM", forward);
      if (quiet && !silent && code !== 0) process.stdout.write(output);
      resolve(code ?? (signal ? 1 : 0));
    });
  });
}

/** A program of node_modules/.bin. */
export const local = (name) => `${ROOT}node_modules/.bin/${name}`;
