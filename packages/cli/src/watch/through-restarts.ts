// Following something of the coordinator through its restarts: the stream is opened again until what is followed ended.
import { setTimeout as sleep } from "node:timers/promises";
import { type ErrorCode, OzoneError } from "@ozone/shared/errors";
import { Interrupted } from "../interruption.ts";

/** A coordinator that is away for longer is given up; what it does is not. */
const AWAY_MS = 90_000;
const RETRY_MS = 500;

const CONNECTION_TROUBLE: ReadonlySet<ErrorCode> = new Set(["unavailable", "deadline_exceeded", "cancelled"]);

/** What is followed, and how. */
export interface Following<End> {
  /** "the sweep", for the line that says that it is safe. */
  readonly what: string;
  readonly signal: AbortSignal;
  /** How long the coordinator may be away, in milliseconds. */
  readonly awayMs?: number | undefined;
  /** Follows one stream; tells of each message. Null: the stream ended, and what is followed did not. */
  watchOnce(onMessage: () => void): Promise<End | null>;
  note(line: string): void;
}

/**
 * Follows to the end.
 * @throws OzoneError cancelled when the signal came first; unavailable when the coordinator stayed away.
 */
export async function throughRestarts<End>(following: Following<End>): Promise<End> {
  const { what, signal, note, awayMs = AWAY_MS } = following;
  let seenAt = performance.now();
  let isAway = false;
  const onMessage = () => {
    seenAt = performance.now();
    if (isAway) note("the coordinator is back");
    isAway = false;
  };
  for (;;) {
    if (signal.aborted) throw new Interrupted();
    try {
      const end = await following.watchOnce(onMessage);
      if (end !== null) return end;
    } catch (thrown) {
      const error = OzoneError.from(thrown);
      if (signal.aborted) throw new Interrupted(error);
      if (!CONNECTION_TROUBLE.has(error.code) || performance.now() - seenAt > awayMs) throw error;
      if (!isAway && error.code !== "deadline_exceeded") {
        note(`the coordinator does not answer; ${what} is safe, trying again`);
        isAway = true;
      }
    }
    await sleep(RETRY_MS);
  }
}
