// What an agent costs that waits for work: resident memory and CPU, beside a Node process that does nothing.
import { type ChildProcess, spawn } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { Stack } from "@ozone/e2e/setup/stack.ts";
import { median } from "@ozone/shared/statistics/median";
import { blockInterval } from "../blocks.ts";
import type { Claim, Finding } from "../claim.ts";

/** Windows of watching; long enough for heartbeats and pulls to fall into each. */
const WINDOWS = 9;
const WINDOW_MS = 10_000;
/** After this the start is over: what it left for the garbage collector is gone or stays. */
const SETTLE_MS = 10_000;
const MB = 1_000_000;

/** An idle agent. */
export const agentIdle: Claim = {
  name: "agent_idle",
  about: "memory and CPU of an agent that waits for work",
  long: false,
  run: async (log) => {
    if (process.platform !== "linux")
      throw new Error("The memory and CPU of a process are read from /proc: Linux only.");
    log("starting a coordinator, an engine and an agent");
    const stack = await Stack.start();
    const bare = spawn(process.execPath, ["-e", "setInterval(() => {}, 1 << 30)"], { stdio: "ignore" });
    try {
      const agent = await stack.startAgent("idle", await stack.startEngine());
      return await watch({ agent: agent.process.pid, bare: pidOf(bare) }, log);
    } finally {
      bare.kill();
      await stack.stop();
    }
  },
};

const pidOf = (child: ChildProcess): number => child.pid ?? -1;

/** A process in one window. */
interface Use {
  readonly rssMb: number;
  readonly cpuPercent: number;
}

async function watch(pids: { agent: number; bare: number }, log: (line: string) => void): Promise<Finding[]> {
  await pause(SETTLE_MS);
  const seen: { agent: Use[]; bare: Use[] } = { agent: [], bare: [] };
  for (let window = 0; window < WINDOWS; window += 1) {
    const [agent, bare] = await Promise.all([useOf(pids.agent), useOf(pids.bare)]);
    seen.agent.push(agent);
    seen.bare.push(bare);
    log(`${agent.rssMb.toFixed(1)} MB, ${agent.cpuPercent.toFixed(3)} % of a core`);
  }
  const of = (who: "agent" | "bare", figure: keyof Use) => seen[who].map((use) => use[figure]);
  const words = (figure: keyof Use, digits: number) => median(of("bare", figure)).toFixed(digits);
  return [
    {
      ...{ name: "agent_idle_rss", unit: "MB", goal: { most: 80 } },
      ...blockInterval(of("agent", "rssMb")),
      detail: `a bare Node process has ${words("rssMb", 1)} MB`,
    },
    {
      ...{ name: "agent_idle_cpu", unit: "% of a core", goal: { most: 0.2 } },
      ...blockInterval(of("agent", "cpuPercent")),
      detail: `in windows of ${WINDOW_MS / 1000} s; a bare Node process takes ${words("cpuPercent", 3)} %`,
    },
  ];
}

async function useOf(pid: number): Promise<Use> {
  const [before, startMs] = [await cpuSeconds(pid), performance.now()];
  await pause(WINDOW_MS);
  const seconds = (await cpuSeconds(pid)) - before;
  return { rssMb: await rssMb(pid), cpuPercent: (100_000 * seconds) / (performance.now() - startMs) };
}

/** CPU time of all threads; the scheduler counts in nanoseconds where /proc/PID/stat has hundredths of a second. */
async function cpuSeconds(pid: number): Promise<number> {
  const threads = await readdir(`/proc/${pid}/task`);
  const texts = await Promise.all(
    threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/schedstat`, "utf8").catch(() => "0")),
  );
  return texts.reduce((sum, text) => sum + Number(text.split(" ")[0]), 0) / 1e9;
}

async function rssMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return (Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) * 1024) / MB;
}
