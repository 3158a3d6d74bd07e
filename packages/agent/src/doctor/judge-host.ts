// What the doctor thinks of the host. Pure: host-probes.ts looks.
import { type Finding, fine, trouble } from "@ozone/shared/doctor/findings";
import { type FolderLook, judgeFolder as judgeDataFolder } from "@ozone/shared/doctor/judge-host";
import { formatBytes as bytes } from "@ozone/shared/units";
import type { PowerSource } from "../machine/power-source.ts";

/** Root may read and open everything, the agent's own user may not. */
export const judgeUser = (name: string, isRoot: boolean): Finding =>
  isRoot
    ? trouble("user", "warning", [
        `looked at as ${name}`,
        "Run the doctor as the agent's own user: what root may open says nothing about that.",
      ])
    : fine("user", name);

/** Is there a place for results? They wait here while the coordinator is away. */
export const judgeFolder = (look: FolderLook): Finding[] =>
  judgeDataFolder(look, {
    what: "results",
    advice: "Give it to the agent's user, or name another with --data-dir or OZONE_DATA_DIR.",
  });

/** A trial on battery is refused unless it is allowed. */
export function judgePower(source: PowerSource): Finding {
  if (source === "mains") return fine("power", "mains");
  if (source === "battery")
    return trouble("power", "warning", ["battery", "Plug it in: trials on battery are refused."]);
  return trouble("power", "unknown", [
    "no battery and no charger is listed",
    "Nothing, if this is a server or a virtual machine; else see that it is plugged in.",
  ]);
}

/** The CPU's governor by Linux; null: the kernel has none to show. */
export function judgeGovernor(governor: string | null): Finding {
  if (governor === null)
    return trouble("governor", "unknown", [
      "the kernel shows none",
      "Nothing, if this is a virtual machine; rates are still measured with their spread.",
    ]);
  if (governor !== "powersave") return fine("governor", governor);
  return trouble("governor", "warning", [
    governor,
    "For steady rates choose `performance`, or leave it if that is how this machine works.",
  ]);
}

const MEMORY_WANTED_BYTES = 2 * 1024 ** 3;

/** Main memory that a model could have now. */
export function judgeMemory(availableBytes: number | null): Finding {
  if (availableBytes === null)
    return trouble("memory", "unknown", ["the system does not say", "Loads are not refused beforehand."]);
  const seen = `${bytes(availableBytes)} available`;
  if (availableBytes >= MEMORY_WANTED_BYTES) return fine("memory", seen);
  return trouble("memory", "warning", [seen, "End what else runs: hardly a model fits."]);
}

/** Where this process runs. */
export type Surroundings = "host" | "container" | "WSL";

/** Containers and WSL see only a part of the machine. */
export function judgeSurroundings(found: Surroundings): Finding {
  if (found === "host") return fine("surroundings", "no container, no WSL");
  return trouble("surroundings", "warning", [
    found,
    "An agent here sees only a part of the machine: its host lock holds in this container or WSL alone.",
  ]);
}

/** RAPL's counters of the CPU packages. */
export const judgeEnergy = (readable: number | null): Finding =>
  readable === null
    ? trouble("energy", "warning", [
        "no counter can be read",
        "Without them energy per token is unknown; virtual machines have none.",
      ])
    : fine("energy", `${readable} counter(s)`);

/** What the agent may not read, one sentence each. */
export const judgeAccess = (problems: readonly string[]): Finding[] =>
  problems.length === 0
    ? [fine("access", "all that is there can be read")]
    : problems.map((advice) => trouble("access", "warning", ["not everything can be read", advice]));

/** The lock that lets one benchmark run at a time. */
export function judgeLock(look: { free: boolean } | { problem: string }): Finding {
  if ("problem" in look) return trouble("host lock", "missing", ["can't be taken", look.problem]);
  return fine("host lock", look.free ? "free" : "held: something measures here now");
}
