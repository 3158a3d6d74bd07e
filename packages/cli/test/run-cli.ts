// Runs the built bundle the way a person does: a process, its output, its exit code.
import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const PACKAGE = dirname(dirname(fileURLToPath(import.meta.url)));

/** The launcher that npm links as `ozone`. */
export const LAUNCHER = join(PACKAGE, "bin", "ozone.js");

/** What a process left behind. */
export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Builds dist/main.js; the tests run what is built now, not what was built some day. */
export async function buildBundle(): Promise<void> {
  const bundler = join(PACKAGE, "..", "..", "scripts", "bundle.mjs");
  await promisify(execFile)(process.execPath, [bundler, "--whole", "src/main.ts"], { cwd: PACKAGE });
  if (!existsSync(join(PACKAGE, "dist", "main.js"))) throw new Error("The bundle was not built.");
}

/** Runs `ozone` with the words; the environment is the test's alone. */
export function runCli(
  words: readonly string[],
  {
    env = {},
    cwd,
    launcher = LAUNCHER,
    interruptAfter,
  }: { env?: Record<string, string>; cwd?: string; launcher?: string; interruptAfter?: RegExp } = {},
): Promise<Ran> {
  const { PATH = "", HOME = "/nonexistent" } = process.env;
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [launcher, ...words], {
      env: { PATH, HOME, ...env },
      ...(cwd === undefined ? {} : { cwd }),
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stdout = "";
    let stderr = "";
    let interrupted = false;
    child.stdout.on("data", (chunk: Buffer) => {
      stdout += chunk.toString();
    });
    child.stderr.on("data", (chunk: Buffer) => {
      stderr += chunk.toString();
      if (!interrupted && interruptAfter?.test(stderr)) interrupted = child.kill("SIGINT");
    });
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, stdout, stderr }));
  });
}
