// Which machines have an order to apply or to take back: kept in mind, so that heartbeats need not ask Postgres. Every
// coordinator answers heartbeats, so every one looks.
import { type BackgroundTask, startTask } from "./background-task.ts";
import type { Events } from "./observing/meters.ts";
import type { Store } from "./store/open-store.ts";
import { targetsWithOrder } from "./store/rollouts.ts";

const INTERVAL_MS = 1_000;

/** The look. */
export interface ApplyingLook extends BackgroundTask {
  /** As far as the last look knows. */
  applyingWaits(machineId: string): boolean;
}

/** Starts looking. */
export function startApplyingLook({
  store,
  onError,
  events,
}: {
  readonly store: Store;
  readonly onError: (name: string, thrown: unknown) => void;
  readonly events?: Events | undefined;
}): ApplyingLook {
  let machinesWithOrder: ReadonlySet<string> = new Set();
  const task = startTask({
    name: "applying",
    intervalMs: INTERVAL_MS,
    onError,
    onRun: events?.taskRan,
    run: async () => {
      const waiting = await targetsWithOrder(store.db);
      machinesWithOrder = new Set(waiting.map(({ machineId }) => machineId));
      return false;
    },
  });
  return { ...task, applyingWaits: (machineId) => machinesWithOrder.has(machineId) };
}
