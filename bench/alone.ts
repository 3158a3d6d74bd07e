// Claims that time inference take the host lock, as every agent does for a trial: one benchmark at a time per host.
import { acquireHostLock } from "@ozone/agent/src/machine/host-lock.ts";

/** Runs `measure` with the host lock in hand. */
export async function alone<Value>(
  log: (line: string) => void,
  measure: () => Promise<Value>,
): Promise<Value> {
  const lock = await acquireHostLock({
    onWait: () => log("another benchmark runs on this host; waiting for its end"),
  });
  try {
    return await measure();
  } finally {
    await lock.release();
  }
}
