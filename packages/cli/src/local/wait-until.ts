// Waiting for a state, with a deadline that says what was last seen.
import { setTimeout as sleep } from "node:timers/promises";
import { OzoneError } from "@ozone/shared/errors";
import { Interrupted } from "../interruption.ts";

/** How long, how often, and what to say when it did not happen. */
export interface WaitOptions {
  readonly withinMs: number;
  readonly everyMs?: number;
  readonly signal?: AbortSignal | undefined;
  /** The whole sentence for the person, with what was last seen. */
  readonly onTimeout: () => string;
}

/**
 * Asks again and again until the answer is neither null nor false.
 * @throws OzoneError deadline_exceeded; Interrupted when the signal came first; whatever `ask` throws.
 */
export async function waitUntil<Answer>(
  ask: () => Promise<Answer | null> | Answer | null,
  { withinMs, everyMs = 100, signal, onTimeout }: WaitOptions,
): Promise<Answer> {
  const endsAt = performance.now() + withinMs;
  for (;;) {
    if (signal?.aborted) throw new Interrupted();
    const answer = await ask();
    if (answer !== null) return answer;
    if (performance.now() >= endsAt) throw new OzoneError("deadline_exceeded", onTimeout());
    await sleep(everyMs);
  }
}
