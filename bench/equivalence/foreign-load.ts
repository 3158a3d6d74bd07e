// How many cores others used between two moments: what all processes used, less what this process and its descendants
// did. Linux only; elsewhere unknown. Written anew: nothing of the agent's own judgement may enter here.
import { readdirSync, readFileSync } from "node:fs";

/** CPU time so far, in clock ticks, at a moment. */
export interface LoadReading {
  readonly atMs: number;
  readonly allTicks: number;
  readonly ownTicks: number;
}

const TICKS_PER_SECOND = 100;

/** Reads now; null where the machine doesn't tell. */
export function readLoad(): LoadReading | null {
  try {
    const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = (
      readFileSync("/proc/stat", "utf8").split("\n")[0] ?? ""
    )
      .split(/\s+/)
      .slice(1)
      .map(Number);
    const allTicks = user + nice + system + irq + softirq + steal;
    return { atMs: performance.now(), allTicks, ownTicks: ownTicks() };
  } catch {
    // No /proc here.
    return null;
  }
}

/** Cores used by others; null when either reading is. */
export function foreignCores(from: LoadReading | null, to: LoadReading | null): number | null {
  if (from === null || to === null) return null;
  const ticks = to.allTicks - from.allTicks - (to.ownTicks - from.ownTicks);
  return Math.max(0, ticks / TICKS_PER_SECOND / ((to.atMs - from.atMs) / 1000));
}

interface ProcessTicks {
  readonly parent: number;
  readonly ticks: number;
}

function ownTicks(): number {
  const all = new Map<number, ProcessTicks>();
  for (const entry of readdirSync("/proc")) {
    const seen = /^\d+$/.test(entry) ? processTicks(entry) : null;
    if (seen !== null) all.set(Number(entry), seen);
  }
  const isOurs = (pid: number): boolean => {
    const parent = all.get(pid)?.parent ?? 0;
    return pid === process.pid || (parent > 1 && isOurs(parent));
  };
  return [...all].reduce((sum, [pid, { ticks }]) => (isOurs(pid) ? sum + ticks : sum), 0);
}

/** Fields 4 (parent) and 14 to 17 (its own time and that of its ended children) of /proc/PID/stat. */
function processTicks(pid: string): ProcessTicks | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
    return { parent: Number(fields[1]), ticks };
  } catch {
    // It has ended since the folder was listed.
    return null;
  }
}
