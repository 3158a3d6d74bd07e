// What the doctor thinks of the host. Pure: host-probes.ts looks.
import { type Finding, fine, trouble } from "@ozone/shared/doctor/findings";
import { formatBytes as bytes } from "@ozone/shared/units";
import type { PowerSource } from "../machine/power-source.ts";

const NODE_MIN = [20, 19] as const;

/** Node's version, as `v20.19.0`. */
export function judgeNode(version: string): Finding {
  const [major = 0, minor = 0] = version.replace(/^v/, "").split(".").map(Number);
  const enough = major > NODE_MIN[0] || (major === NODE_MIN[0] && minor >= NODE_MIN[1]);
  if (enough) return fine("node", version);
  return trouble("node", "missing", [version, `Install Node ${NODE_MIN.join(".")} or newer.`]);
}

/** Root may read and open everything, the agent's own user may not. */
export const judgeUser = (name: string, isRoot: boolean): Finding =>
  isRoot
    ? trouble("user", "warning", [
        `looked at as ${name}`,
        "Run the doctor as the agent's own user: what root may open says nothing about that.",
      ])
    : fine("user", name);

/** The data folder, or the nearest folder above it that is there. */
export interface FolderLook {
  readonly path: string;
  readonly exists: boolean;
  readonly writable: boolean;
  readonly freeBytes: number | null;
}

/** Results wait here while the coordinator is away; the outbox refuses work when the disk is full. */
const FREE_NEEDED_BYTES = 256 * 1024 ** 2;
const FREE_WANTED_BYTES = 2 * 1024 ** 3;

/** Is there a place for results? */
export function judgeFolder({ path, exists, writable, freeBytes }: FolderLook): Finding[] {
  const folder = writable
    ? fine("data folder", exists ? path : `${path} (made at the first start)`)
    : trouble("data folder", "missing", [
        `${path} can't be written`,
        "Give it to the agent's user, or name another with --data-dir or OZONE_DATA_DIR.",
      ]);
  return [folder, judgeSpace(freeBytes)];
}

function judgeSpace(freeBytes: number | null): Finding {
  if (freeBytes === null)
    return trouble("disk", "unknown", ["free space can't be read", "Look at it with `df`."]);
  const seen = `${bytes(freeBytes)} free`;
  if (freeBytes < FREE_NEEDED_BYTES)
    return trouble("disk", "missing", [seen, `Make room: results need ${bytes(FREE_NEEDED_BYTES)}.`]);
  if (freeBytes < FREE_WANTED_BYTES)
    return trouble("disk", "warning", [seen, `Make room: ${bytes(FREE_WANTED_BYTES)} last for long.`]);
  return fine("disk", seen);
}

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

/** Whether the system keeps its clock by others; null: it does not say. */
export function judgeClock(synchronised: boolean | null): Finding {
  if (synchronised === true) return fine("clock", "synchronised");
  const advice = "Turn on time synchronisation (`timedatectl set-ntp true`); durations are not affected.";
  return synchronised === false
    ? trouble("clock", "warning", ["not synchronised", advice])
    : trouble("clock", "unknown", ["the system does not say whether it is synchronised", advice]);
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
