// "Something changed": lets watchers wait for the next change instead of asking all the time.

/** A signal that many may wait for. */
export interface ChangeSignal {
  notify(): void;
  /** Resolves at the next change, when `signal` aborts, or after `maxMs`: changes of other coordinators are not heard. */
  next(signal: AbortSignal, maxMs: number): Promise<void>;
}

/** Makes one. */
export function createChangeSignal(): ChangeSignal {
  let waiting = new Set<() => void>();
  return {
    notify() {
      const all = waiting;
      waiting = new Set();
      for (const resume of all) resume();
    },
    next: (signal, maxMs) =>
      new Promise((resolve) => {
        const done = () => {
          clearTimeout(timer);
          waiting.delete(done);
          signal.removeEventListener("abort", done);
          resolve();
        };
        const timer = setTimeout(done, maxMs);
        waiting.add(done);
        signal.addEventListener("abort", done, { once: true });
        if (signal.aborted) done();
      }),
  };
}
