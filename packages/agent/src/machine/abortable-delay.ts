// Waiting that ends with the caller's own reason when it is called off.
import { setTimeout as delay } from "node:timers/promises";

/**
 * Waits.
 * @throws the signal's reason when it aborts
 */
export async function abortableDelay(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await delay(ms, undefined, { signal }).catch((thrown: unknown) => {
    signal?.throwIfAborted();
    throw thrown;
  });
}
