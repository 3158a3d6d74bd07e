// Keeps an embedded server running: when it ends unexpectedly it is started again, at the same address, until stop().
import type { ServerExit } from "./daemon.ts";
import { type EmbeddedNats, type StartNatsOptions, startNats } from "./nats-server.ts";
import { type EmbeddedPostgres, type StartPostgresOptions, startPostgres } from "./postgres.ts";
import { HEALTHY_MS, restartDelayMs } from "./restart-delay.ts";

/** What happened to a supervised server. */
export type ServerChange =
  | { state: "running"; pid: number; adopted: boolean }
  | { state: "ended"; code: number | null; signal: NodeJS.Signals | null; restartInMs: number }
  | { state: "restart-failed"; message: string; restartInMs: number }
  | { state: "stopped" };

/** The parts of a server that supervision needs. */
export interface SupervisedServer {
  url: string;
  pid: number;
  adopted: boolean;
  stop(): Promise<void>;
  exited: Promise<ServerExit>;
}

/** A server that is kept running. */
export interface Supervision<T extends SupervisedServer> {
  /** Stays the same over all restarts. */
  url: string;
  /** The server that runs now; while it is down, the last one. */
  current(): T;
  /** Ends the supervision, then the server. Calling it again waits for the same end. */
  stop(): Promise<void>;
}

export interface SuperviseOptions {
  /** Called on each change; must not throw. */
  onChange?: (change: ServerChange) => void;
}

/** Starts nats-server and keeps it running. The first start's error is thrown; later ones are reported and retried. */
export async function superviseNats(
  options: StartNatsOptions & SuperviseOptions,
): Promise<Supervision<EmbeddedNats>> {
  const first = await startNats(options);
  return keepRunning(first, () => startNats({ ...options, port: portOf(first.url) }), options.onChange);
}

/** Starts Postgres and keeps it running. The first start's error is thrown; later ones are reported and retried. */
export async function supervisePostgres(
  options: StartPostgresOptions & SuperviseOptions,
): Promise<Supervision<EmbeddedPostgres>> {
  const first = await startPostgres(options);
  return keepRunning(first, () => startPostgres({ ...options, port: portOf(first.url) }), options.onChange);
}

function portOf(url: string): number {
  return Number(new URL(url).port);
}

/** Watches a running server and starts it again; the part behind both functions above, exported for its test. */
export function keepRunning<T extends SupervisedServer>(
  first: T,
  start: () => Promise<T>,
  onChange: (change: ServerChange) => void = () => undefined,
): Supervision<T> {
  const loop = new RestartLoop(first, start, onChange);
  const watching = loop.run();
  let ending: Promise<void> | null = null;
  const end = async (): Promise<void> => {
    loop.stopping.abort();
    await watching; // A restart under way is finished first, so that what it started is ended too.
    await loop.current.stop();
    onChange({ state: "stopped" });
  };
  const stop = (): Promise<void> => {
    ending ??= end();
    return ending;
  };
  return { url: first.url, current: () => loop.current, stop };
}

class RestartLoop<T extends SupervisedServer> {
  readonly stopping = new AbortController();
  /** Ends and failed starts in a row, forgotten once a server has run long enough. */
  private failures = 0;

  constructor(
    public current: T,
    private readonly start: () => Promise<T>,
    private readonly onChange: (change: ServerChange) => void,
  ) {}

  async run(): Promise<void> {
    const { signal } = this.stopping;
    const stopped = new Promise<null>((resolve) => {
      signal.addEventListener("abort", () => resolve(null), { once: true });
    });
    while (!signal.aborted) {
      this.reportRunning();
      const since = performance.now();
      const exit = await Promise.race([this.current.exited, stopped]);
      if (exit === null) return;
      if (performance.now() - since > HEALTHY_MS) this.failures = 0;
      const restartInMs = this.nextDelayMs();
      this.onChange({ state: "ended", ...exit, restartInMs });
      await pause(restartInMs, signal);
      await this.restart();
    }
  }

  private async restart(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      try {
        this.current = await this.start();
        return;
      } catch (error) {
        const restartInMs = this.nextDelayMs();
        const message = error instanceof Error ? error.message : String(error);
        this.onChange({ state: "restart-failed", message, restartInMs });
        await pause(restartInMs, signal);
      }
    }
  }

  private reportRunning(): void {
    const { pid, adopted } = this.current;
    this.onChange({ state: "running", pid, adopted });
  }

  private nextDelayMs(): number {
    this.failures += 1;
    return restartDelayMs(this.failures, Math.random());
  }
}

/** Waits, or returns early when stopped. */
function pause(durationMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, durationMs);
    signal.addEventListener("abort", done);
  });
}
