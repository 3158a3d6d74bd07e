// How long a short command takes, the whole process as a shell sees it: `ozone status` and `ozone preset list` against a
// running coordinator, in turns with `node -e 0`.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { cleanEnv } from "@ozone/e2e/setup/processes.ts";
import { Stack } from "@ozone/e2e/setup/stack.ts";
import { median } from "@ozone/shared/statistics/median";
import type { Claim, Finding } from "../claim.ts";
import { percentileBound } from "../percentile.ts";

const OZONE = fileURLToPath(new URL("../../node_modules/.bin/ozone", import.meta.url));
const COMMANDS = { status: ["status", "--json"], preset_list: ["preset", "list", "--json"] } as const;
/** From 100 on five runs are expected beyond the 95th percentile. */
const RUNS = 100;
const LIMIT_MS = 250;

/** Short commands. */
export const cli: Claim = {
  name: "cli",
  about: `short commands end within ${LIMIT_MS} ms (p95 of ${RUNS} runs, whole process)`,
  long: false,
  run: async (log) => {
    log("starting a coordinator");
    const stack = await Stack.start();
    try {
      return await timeAll(stack.env, log);
    } finally {
      await stack.stop();
    }
  },
};

async function timeAll(
  env: Readonly<Record<string, string>>,
  log: (line: string) => void,
): Promise<Finding[]> {
  const times: Record<string, number[]> = { node: [], status: [], preset_list: [] };
  const turns: [string, () => Promise<number>][] = [
    ["node", () => wholeProcessMs(process.execPath, ["-e", "0"], env)],
    ...Object.entries(COMMANDS).map(([name, words]): [string, () => Promise<number>] => [
      name,
      () => wholeProcessMs(OZONE, words, env),
    ]),
  ];
  for (let run = 0; run < RUNS; run += 1) {
    // There and back, so that no command always follows the same one.
    for (const [name, time] of run % 2 === 0 ? turns : turns.toReversed()) times[name]?.push(await time());
    if (run % 25 === 24) log(`${run + 1} of ${RUNS} runs`);
  }
  const bareMs = median(times.node ?? []);
  return Object.keys(COMMANDS).map((name) => {
    const own = times[name] ?? [];
    return {
      ...{ name: `cli_${name}`, ...percentileBound(own, 0.95), low: null },
      ...{ unit: "ms, 95th percentile", goal: { most: LIMIT_MS }, n: own.length },
      detail: `median ${median(own).toFixed(0)} ms, of which node -e 0 takes ${bareMs.toFixed(0)} ms (its p95 ${percentileBound(times.node ?? [], 0.95).value.toFixed(0)} ms)`,
    };
  });
}

/** From the start of a process to its end. @throws Error when it does not end with 0 */
async function wholeProcessMs(
  command: string,
  words: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<number> {
  const startMs = performance.now();
  const child = spawn(command, words, { env: cleanEnv(env), stdio: ["ignore", "ignore", "pipe"] });
  let complaints = "";
  child.stderr.on("data", (piece) => {
    complaints += piece;
  });
  const [code] = (await once(child, "exit")) as [number | null];
  const tookMs = performance.now() - startMs;
  if (code !== 0) throw new Error(`${command} ${words.join(" ")} ended with ${code}: ${complaints}`);
  return tookMs;
}
