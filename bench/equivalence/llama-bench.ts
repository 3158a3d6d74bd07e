// llama-bench, where there is one: another build of llama.cpp, maybe of another age and with other kernels. It says
// what the machine can do for someone else, not what the agent should have said.
import { execFile } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { median } from "@ozone/shared/statistics/median";
import { type Cell, NUM_PREDICT, type Rates } from "./cells.ts";

/** Samples of either figure in one run. */
const REPETITIONS = 3;
const RUN_LIMIT_MS = 120_000;

/** The program: OZONE_LLAMA_BENCH, else llama-bench on PATH, else null. */
export function findLlamaBench(env: Readonly<Record<string, string | undefined>>): string | null {
  if (env.OZONE_LLAMA_BENCH) return env.OZONE_LLAMA_BENCH;
  const places = (env.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  return places.map((folder) => join(folder, "llama-bench")).find(isExecutable) ?? null;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * One fresh load: the prompt from an empty context, then as many tokens as the agent generates, after a context of that
 * depth. It chooses no tokens: what sampling costs is not in its decode rate.
 */
export async function runLlamaBench(program: string, modelPath: string, cell: Cell): Promise<Rates> {
  const prefill = { "-p": cell.promptTokens, "-n": 0, "-d": 0 };
  const decode = { "-p": 0, "-n": NUM_PREDICT, "-d": cell.promptTokens };
  return {
    prefill: await rateOf(program, modelPath, { ...settingsOf(cell), ...prefill }),
    decode: await rateOf(program, modelPath, { ...settingsOf(cell), ...decode }),
  };
}

const settingsOf = ({ numBatch }: Cell) => ({
  "-b": numBatch,
  "-ub": numBatch,
  "-t": 1,
  "-fa": 1,
  "-ngl": 0,
  "-r": REPETITIONS,
  "-o": "jsonl",
});

async function rateOf(
  program: string,
  modelPath: string,
  flags: Readonly<Record<string, string | number>>,
): Promise<number> {
  const args = ["-m", modelPath, ...Object.entries(flags).flatMap(([name, value]) => [name, String(value)])];
  const { stdout } = await promisify(execFile)(program, args, { timeout: RUN_LIMIT_MS });
  const { samples_ts } = JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as { samples_ts: number[] };
  return median(samples_ts);
}
