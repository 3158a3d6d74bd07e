// Control messages that were not read, told to whoever counts and to the log: a line a minute of a machine, and a few of all of
// them, however many machines flood.
import type { Logger } from "pino";
import type { ControlKind, Refusal, Refused } from "./fleet/control-gate.ts";
import { limitLines } from "./line-limit.ts";
import type { Events } from "./observing/meters.ts";

const MINUTE_MS = 60_000;
const LINES_OF_ALL = 20;

const KINDS: Readonly<Record<ControlKind, string>> = {
  announcement: "an announcement",
  heartbeat: "a heartbeat",
  applying: "a question about applying",
};

const WHYS: Readonly<Record<Refusal, string>> = {
  too_often: "its machine sends more than it may",
  replaced: "a newer one of its machine came before it was its turn",
  full: "too many wait to be read",
};

/** Tells it. @param now monotonic, in milliseconds */
export function tellRefused(
  { log, events }: { readonly log: Logger; readonly events?: Events | undefined },
  now: () => number = () => performance.now(),
): (refused: Refused) => void {
  const ofOne = limitLines({ lines: 1, perMs: MINUTE_MS, now });
  const ofAll = limitLines({ lines: LINES_OF_ALL, perMs: MINUTE_MS, now });
  return ({ machineId, kind, why }) => {
    events?.controlRefused(kind, why);
    // One that waited too long says that the coordinator is slow, not that its machine floods: the count tells that.
    if (why === "replaced") return;
    const leftOut = ofOne.admit(machineId);
    if (leftOut === null || ofAll.admit("") === null) return;
    const more = leftOut === 0 ? {} : { lines_left_out: leftOut };
    log.warn({ machine_id: machineId, ...more }, `${KINDS[kind]} was not read: ${WHYS[why]}`);
  };
}
