// What a doctor thinks of a host, whether an agent or a coordinator is to run there. Pure.
import { formatBytes as bytes } from "../units.ts";
import { type Finding, fine, trouble } from "./findings.ts";

const NODE_MIN = [20, 19] as const;

/** Node's version, as `v20.19.0`. */
export function judgeNode(version: string): Finding {
  const [major = 0, minor = 0] = version.replace(/^v/, "").split(".").map(Number);
  const enough = major > NODE_MIN[0] || (major === NODE_MIN[0] && minor >= NODE_MIN[1]);
  if (enough) return fine("node", version);
  return trouble("node", "missing", [version, `Install Node ${NODE_MIN.join(".")} or newer.`]);
}

/** The data folder, or the nearest folder above it that is there. */
export interface FolderLook {
  readonly path: string;
  readonly exists: boolean;
  readonly writable: boolean;
  readonly freeBytes: number | null;
}

/** Below the first nothing works, below the second not for long. */
const FREE_NEEDED_BYTES = 256 * 1024 ** 2;
const FREE_WANTED_BYTES = 2 * 1024 ** 3;

/** Is there a place for data? `advice`: what to do where it can't be written. */
export function judgeFolder(look: FolderLook, { what, advice }: { what: string; advice: string }): Finding[] {
  const { path, exists, writable, freeBytes } = look;
  const folder = writable
    ? fine("data folder", exists ? path : `${path} (made at the first start)`)
    : trouble("data folder", "missing", [`${path} can't be written`, advice]);
  return [folder, judgeSpace(freeBytes, what)];
}

function judgeSpace(freeBytes: number | null, what: string): Finding {
  if (freeBytes === null)
    return trouble("disk", "unknown", ["free space can't be read", "Look at it with `df`."]);
  const seen = `${bytes(freeBytes)} free`;
  if (freeBytes < FREE_NEEDED_BYTES)
    return trouble("disk", "missing", [seen, `Make room: ${what} need ${bytes(FREE_NEEDED_BYTES)}.`]);
  if (freeBytes < FREE_WANTED_BYTES)
    return trouble("disk", "warning", [seen, `Make room: ${bytes(FREE_WANTED_BYTES)} last for long.`]);
  return fine("disk", seen);
}

/** Whether the system keeps its clock by others; null: it does not say. */
export function judgeClock(synchronised: boolean | null): Finding {
  if (synchronised === true) return fine("clock", "synchronised");
  const advice = "Turn on time synchronisation (`timedatectl set-ntp true`); durations are not affected.";
  return synchronised === false
    ? trouble("clock", "warning", ["not synchronised", advice])
    : trouble("clock", "unknown", ["the system does not say whether it is synchronised", advice]);
}

const DAY_MS = 86_400_000;
const SOON_DAYS = 30;

/** When a certificate ends: missing when it has, a warning in its last 30 days. */
export function judgeEnd(
  subject: string,
  validToMs: number,
  facts: { nowMs: number; advice: string },
): Finding {
  const days = Math.floor((validToMs - facts.nowMs) / DAY_MS);
  if (days < 0) return trouble(subject, "missing", ["has ended", facts.advice]);
  if (days < SOON_DAYS) return trouble(subject, "warning", [`ends in ${days} days`, facts.advice]);
  return fine(subject, `good for ${days} days`);
}
