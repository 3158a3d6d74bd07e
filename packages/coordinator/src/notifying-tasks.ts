// The leader's tasks around notifications: machines that come and go, and the sending. A receiver that hangs holds up nothing
// but the other notifications.
import { startTask } from "./background-task.ts";
import type { Endpoint } from "./notifications/endpoint.ts";
import { PACE, type Pace } from "./notifications/next-try.ts";
import { sendDue, trimOld } from "./notifications/send-due.ts";
import { watchMachines } from "./notifications/watch-machines.ts";
import type { Events } from "./observing/meters.ts";
import type { Store } from "./store/open-store.ts";

/** Where notifications go, and of what. */
export interface Notifying {
  readonly endpoint: Endpoint;
  readonly missingAfterMs: number;
  readonly pace?: Pace;
}

const SEND_INTERVAL_MS = 1_000;
const WATCH_INTERVAL_MS = 5_000;
const TRIM_INTERVAL_MS = 600_000;

/** Starts them. */
export function startNotifying(options: {
  readonly store: Store;
  readonly notifying: Notifying;
  readonly leaseMs: number;
  readonly onError: (name: string, thrown: unknown) => void;
  readonly events?: Events | undefined;
}): { wake(): void; stop(): Promise<void> } {
  const { store, notifying, leaseMs, onError, events } = options;
  const { endpoint, missingAfterMs, pace = PACE } = notifying;
  const startedAtMs = performance.now();
  const ended = new AbortController();
  const { signal } = ended;
  const each = { onError, onRun: events?.taskRan };
  const onTry = (outcome: string) => events?.notificationTried(outcome);
  const sending = startTask({
    ...{ ...each, name: "notifications", intervalMs: SEND_INTERVAL_MS },
    run: () => sendDue({ store, endpoint, pace, signal, onTry }),
  });
  const watching = startTask({
    ...{ ...each, name: "absences", intervalMs: Math.min(WATCH_INTERVAL_MS, missingAfterMs / 2) },
    run: async () => {
      const listeningMs = performance.now() - startedAtMs;
      if (await watchMachines(store, { missingAfterMs, leaseMs, listeningMs })) sending.wake();
      return false;
    },
  });
  const trimming = startTask({
    ...{ ...each, name: "notifications-trim", intervalMs: TRIM_INTERVAL_MS },
    run: async () => {
      await trimOld(store);
      return false;
    },
  });
  return {
    wake: sending.wake,
    async stop() {
      ended.abort();
      await Promise.all([sending.stop(), watching.stop(), trimming.stop()]);
    },
  };
}
