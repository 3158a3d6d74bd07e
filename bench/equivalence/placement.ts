// A core of its own for inference, on either side: the process that computes is confined to one core and everything else
// (server, agent, this program) to the others. A step of a small model takes 2 ms, and where a scheduler happens to put
// the programs that pass its token on, on two cores, moves it by more than the 3 % in question. Linux with taskset only.
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

/** Who runs where. */
export interface Placement {
  /** Confines a process, all its threads, to the core of inference. */
  giveOwnCore(pid: number): void;
  /** What is given a core of its own: the children of a process, each once. */
  giveChildrenOwnCore(pid: number): void;
  /** Lets this process run everywhere again. */
  release(): void;
}

/** Keeps this process and what it starts off the core of inference; null where that can't be done. */
export function openPlacement(log: (line: string) => void): Placement | null {
  const cores = allowedCores();
  const inference = cores.at(-1);
  if (inference === undefined || cores.length < 2) {
    log("fewer than two cores, or not Linux: nothing is confined to a core");
    return null;
  }
  const placed = new Set<number>();
  const giveOwnCore = (pid: number): void => confine(pid, [inference]);
  try {
    confine(process.pid, cores.slice(0, -1));
  } catch {
    log("there is no taskset: nothing is confined to a core");
    return null;
  }
  log(`inference has core ${inference} to itself on either side, everything else runs on the others`);
  return {
    giveOwnCore,
    giveChildrenOwnCore(parent) {
      for (const pid of childrenOf(parent).filter((one) => !placed.has(one))) {
        giveOwnCore(pid);
        placed.add(pid);
      }
    },
    release: () => confine(process.pid, cores),
  };
}

function confine(pid: number, cores: readonly number[]): void {
  execFileSync("taskset", ["-a", "-p", "-c", cores.join(","), String(pid)], { stdio: "ignore" });
}

/** "0-2,5" of /proc/self/status as numbers; none where there is no such file. */
function allowedCores(): number[] {
  try {
    const [, list = ""] =
      /^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
    return list.split(",").flatMap((part) => {
      const [first = 0, last = first] = part.split("-").map(Number);
      return Array.from({ length: last - first + 1 }, (_, at) => first + at);
    });
  } catch {
    // No /proc here.
    return [];
  }
}

function childrenOf(parent: number): number[] {
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry) && parentOf(entry) === parent)
    .map(Number);
}

function parentOf(pid: string): number | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    return Number(text.slice(text.lastIndexOf(")") + 2).split(" ")[1]);
  } catch {
    // It has ended since the folder was listed.
    return null;
  }
}
