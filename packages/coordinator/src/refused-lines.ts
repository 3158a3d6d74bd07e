// Calls that were turned away, in the log: whoever is let in nowhere must not fill the disk with the lines about it.
import type { Logger } from "pino";
import type { RefusedCall } from "./api/guard.ts";
import { limitLines } from "./line-limit.ts";

/** A minute, of one address. */
const LINES_PER_ADDRESS = 20;
/** A minute, of all: addresses cost little to whoever has a network of them. */
const LINES = 200;
const MINUTE_MS = 60_000;
/** What a caller made up stands in them. */
const PATH_MAX = 200;
const WHY_MAX = 500;

/**
 * @param now monotonic, in milliseconds
 * @returns writes a line about a call, or counts it for the next line that is written
 */
export function refusedLines(log: Pick<Logger, "warn">, now: () => number = () => performance.now()) {
  const ofAddress = limitLines({ lines: LINES_PER_ADDRESS, perMs: MINUTE_MS, now });
  const ofAll = limitLines({ lines: LINES, perMs: MINUTE_MS, now });
  let leftOut = 0;
  return ({ path, source, why }: RefusedCall): void => {
    if (ofAddress.admit(source) === null || ofAll.admit("") === null) {
      leftOut += 1;
      return;
    }
    const more = leftOut === 0 ? {} : { lines_left_out: leftOut };
    leftOut = 0;
    const fields = { call: path.slice(0, PATH_MAX), address: source, ...more };
    log.warn(fields, `refused a call: ${why.slice(0, WHY_MAX)}`);
  };
}
