// Runs a vendor's command-line tool (nvidia-smi, rocm-smi, system_profiler) with a time limit. Such tools hang on
// broken drivers, even in a state that no signal ends, so the answer never waits for the process to go away.
import { execFile } from "node:child_process";
import { access } from "node:fs/promises";
import { delimiter, isAbsolute, join } from "node:path";
import { systemCodeOf } from "@ozone/shared/errors";

/** What a tool printed, or one reason why there is nothing. `missing` means that it is not installed. */
export type ToolOutput = { ok: true; stdout: string } | { ok: false; missing: boolean; reason: string };

/** Runs one tool; never rejects. Tests hand in recorded texts instead. */
export type RunTool = (command: string, args: readonly string[], limitMs?: number) => Promise<ToolOutput>;

const DEFAULT_LIMIT_MS = 5000;
const MAX_OUTPUT_BYTES = 4 * 1024 * 1024;

/** Runs `command` without a shell, in the C locale. Its error text is cut to the first line. */
export const runTool: RunTool = (command, args, limitMs = DEFAULT_LIMIT_MS) =>
  new Promise((resolve) => {
    const env = { ...process.env, LC_ALL: "C", LANG: "C" };
    const options = { env, maxBuffer: MAX_OUTPUT_BYTES, windowsHide: true, encoding: "utf8" as const };
    const child = execFile(command, [...args], options, async (error, stdout, stderr) => {
      clearTimeout(timer);
      if (error === null) return resolve({ ok: true, stdout });
      // With a folder on PATH that this user may not enter the system says EACCES for a tool that is nowhere.
      const missing =
        error.code === "ENOENT" || (systemCodeOf(error) === "EACCES" && !(await isOnPath(command)));
      const detail = firstLine(stderr) || firstLine(stdout) || firstLine(error.message);
      resolve({
        ok: false,
        missing,
        reason: missing ? `${command} is not installed` : `${command} failed: ${detail}`,
      });
    });
    const timer = setTimeout(() => {
      resolve({ ok: false, missing: false, reason: `${command} gave no answer within ${limitMs} ms` });
      child.kill("SIGKILL");
      child.stdout?.destroy();
      child.stderr?.destroy();
      child.unref();
    }, limitMs);
  });

/** Whether a program of this name can be seen in any folder of PATH. */
async function isOnPath(command: string): Promise<boolean> {
  if (isAbsolute(command)) return true;
  const folders = (process.env.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  const seen = await Promise.all(
    folders.map((folder) =>
      access(join(folder, command)).then(
        () => true,
        () => false, // not there, or in a folder that can't be entered
      ),
    ),
  );
  return seen.some(Boolean);
}

function firstLine(text: string): string {
  return (text.trim().split("\n", 1)[0] ?? "").slice(0, 200);
}
