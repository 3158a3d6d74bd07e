// A task that runs again and again until it is stopped: one run at a time, woken early when there is something to do,
// backing off with jitter while it fails.

/** A running task. */
export interface BackgroundTask {
  /** Runs as soon as possible instead of at the next interval. */
  wake(): void;
  /** Resolves when the present run has ended; no other follows. */
  stop(): Promise<void>;
}

/** What to run and how often. */
export interface TaskOptions {
  readonly name: string;
  /** One run. Return true to be run again at once. */
  readonly run: () => Promise<boolean>;
  readonly intervalMs: number;
  readonly onError: (name: string, thrown: unknown) => void;
  /** Told after each run. */
  readonly onRun?: ((name: string, tookMs: number, failed: boolean) => void) | undefined;
}

const BACK_OFF_FIRST_MS = 250;
const BACK_OFF_MAX_MS = 5_000;

/** Full jitter: many tasks that fail together must not come back together. */
const backOffMs = (failures: number): number =>
  Math.min(BACK_OFF_MAX_MS, BACK_OFF_FIRST_MS * 2 ** Math.min(failures, 10)) * (0.5 + Math.random() / 2);

/** Starts a task at once. */
export function startTask(options: TaskOptions): BackgroundTask {
  let stopped = false;
  let woken = false;
  let endPause: () => void = () => undefined;
  let failures = 0;

  const pause = (ms: number) =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      endPause = () => {
        clearTimeout(timer);
        resolve();
      };
    });

  async function loop(): Promise<void> {
    while (!stopped) {
      woken = false;
      let again = false;
      const startedAtMs = performance.now();
      try {
        again = await options.run();
        failures = 0;
      } catch (thrown) {
        failures += 1;
        if (!stopped) options.onError(options.name, thrown);
      }
      options.onRun?.(options.name, performance.now() - startedAtMs, failures > 0);
      if (stopped || again || (woken && failures === 0)) continue;
      await pause(failures > 0 ? backOffMs(failures) : options.intervalMs);
    }
  }

  const running = loop();
  return {
    wake() {
      woken = true;
      // While it fails, waking must not turn the back-off into a hot loop.
      if (failures === 0) endPause();
    },
    async stop() {
      stopped = true;
      endPause();
      await running;
    },
  };
}
