// Whether an installed agent does what the one before it did, seen from outside: by systemd and by the agent's run file.
import { type AgentRunFile, RUN_FILES } from "@ozone/shared/data-folder";
import { sleep } from "../pause.ts";
import { askMaybe, contentOf, type Host } from "./host.ts";
import type { InstallRecord } from "./install-record.ts";
import { UNIT } from "./places.ts";

/** What was seen in one look. */
export interface Look {
  readonly isActive: boolean;
  /** Of the unit; 0: none. */
  readonly pid: number;
  readonly run: AgentRunFile | null;
}

/** How far it is: nothing runs, it runs, it has reached the bus, the coordinator has taken it in and gives it orders. */
export type Health = "down" | "running" | "on the bus" | "heard";

const ORDER: readonly Health[] = ["down", "running", "on the bus", "heard"];

/** So many looks in a row have to see the same process: one that ends at once was active for a moment as well. */
const LOOKS = 3;

/** One look, judged. Pure. */
export function healthOf({ isActive, pid, run }: Look): Health {
  if (!isActive || pid === 0) return "down";
  if (run?.pid !== pid) return "running";
  return run.heard?.problem === "" ? "heard" : "on the bus";
}

/** Whether the new one is at least where the old one was; one that was down has to run. Pure. */
export const isEnough = (now: Health, before: Health): boolean =>
  now !== "down" && ORDER.indexOf(now) >= ORDER.indexOf(before);

/** Looks once. */
export async function lookAtAgent(host: Host, { dataDir }: InstallRecord): Promise<Look> {
  const active = await askMaybe(host, "systemctl", ["is-active", UNIT]);
  const pid = await askMaybe(host, "systemctl", ["show", "--property=MainPID", "--value", UNIT]);
  const text = await contentOf(host, `${dataDir}/agent/${RUN_FILES.agent}`);
  return { isActive: active?.trim() === "active", pid: Number(pid?.trim() ?? 0), run: runFileOf(text) };
}

function runFileOf(text: Buffer | null): AgentRunFile | null {
  try {
    return text === null ? null : (JSON.parse(text.toString()) as AgentRunFile);
  } catch {
    return null; // half written by an older agent: the next look sees it whole
  }
}

/** Waits until the agent is as well as the one before. @returns null, or where it was at the end */
export async function untilHealthy(
  host: Host,
  record: InstallRecord,
  { before, limitMs, lookEveryMs }: { before: Health; limitMs: number; lookEveryMs: number },
): Promise<Health | null> {
  const end = performance.now() + limitMs;
  let [seen, times, health]: [number, number, Health] = [0, 0, "down"];
  while (performance.now() < end) {
    const look = await lookAtAgent(host, record);
    health = healthOf(look);
    const good = isEnough(health, before);
    times = good && look.pid === seen ? times + 1 : Number(good);
    seen = look.pid;
    if (times >= LOOKS) return null;
    await sleep(lookEveryMs, AbortSignal.timeout(limitMs));
  }
  return health;
}
