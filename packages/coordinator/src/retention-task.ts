// Drops raw details that are older than they are to be kept. Several coordinators may do so at once: each takes its own.
import type { Logger } from "pino";
import { startTask } from "./background-task.ts";
import type { Events } from "./observing/meters.ts";
import { dropRaw } from "./retention/drop-raw.ts";
import type { Store } from "./store/open-store.ts";

const RETENTION_INTERVAL_MS = 3_600_000;

/** Starts it. @returns how to stop it */
export function startRetention(
  store: Store,
  keepRawMs: number,
  {
    log,
    events,
    onError,
  }: { log: Logger; events?: Events | undefined; onError: (name: string, thrown: unknown) => void },
): () => Promise<void> {
  let dropped = 0;
  const task = startTask({
    name: "retention",
    intervalMs: RETENTION_INTERVAL_MS,
    onError,
    onRun: events?.taskRan,
    run: async () => {
      const { results, isMore } = await dropRaw(store, keepRawMs);
      dropped += results;
      if (!isMore && dropped > 0) {
        log.info(
          { results: dropped },
          `raw details of ${dropped} results were dropped: they were older than OZONE_KEEP_RAW`,
        );
        dropped = 0;
      }
      return isMore;
    },
  });
  return () => task.stop();
}
