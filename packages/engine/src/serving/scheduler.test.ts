import { describe, expect, it } from "vitest";
import { type LoadOptions, resolveLoadOptions } from "../options/load-options.ts";
import { defaultOptions, parseOptions } from "../options/parse-options.ts";
import type { LoadedFacts } from "../runner/messages.ts";
import { nextStep } from "./next-step.ts";
import type { Runner } from "./runner-process.ts";
import { QueueFull, RequestCancelled, Scheduler, type Wanted } from "./scheduler.ts";

const surroundings = { trainedContextLength: 131_072, coreCount: 2 };
const loadWith = (numCtx: number): LoadOptions =>
  resolveLoadOptions(parseOptions(defaultOptions(numCtx)).options, surroundings);

class FakeRunner implements Runner {
  readonly facts = {} as LoadedFacts;
  readonly pid = undefined;
  gone = false;
  readonly ended: Promise<void>;
  #end: () => void = () => undefined;

  constructor(readonly name: string) {
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  generate(): never {
    throw new Error("not part of this test");
  }

  countTokens(): never {
    throw new Error("not part of this test");
  }

  /** Like a real process, it is gone only some time after it was told to. */
  stop(): Promise<void> {
    setImmediate(() => this.die());
    return this.ended;
  }

  die(): void {
    this.gone = true;
    this.#end();
  }
}

interface Bench {
  readonly scheduler: Scheduler<string>;
  readonly started: FakeRunner[];
  want(model: string, changes?: Partial<Wanted<string>>): Wanted<string>;
}

function bench(parts: { queueLengthMax?: number; start?: (model: string) => Promise<void> } = {}): Bench {
  const started: FakeRunner[] = [];
  const scheduler = new Scheduler<string>({
    start: async ({ model }, signal) => {
      await parts.start?.(model);
      if (signal.aborted) throw new Error("aborted");
      const runner = new FakeRunner(model);
      started.push(runner);
      return runner;
    },
    keepAliveMs: Number.POSITIVE_INFINITY,
    queueLengthMax: parts.queueLengthMax ?? 10,
  });
  const want = (model: string, changes: Partial<Wanted<string>> = {}): Wanted<string> => ({
    model,
    blobDigest: model,
    load: loadWith(2048),
    keepAliveMs: undefined,
    signal: new AbortController().signal,
    ...changes,
  });
  return { scheduler, started, want };
}

describe("the decision for the next request", () => {
  const key = { blobDigest: "a", load: loadWith(2048) };

  it("loads into an empty place and uses what fits", () => {
    expect(nextStep({ state: "empty" }, key)).toBe("load");
    expect(nextStep({ state: "occupied", key, users: 3, gone: false }, key)).toBe("use");
  });

  it("evicts what does not fit, but only when nobody uses it", () => {
    const other = { blobDigest: "a", load: loadWith(4096) };
    expect(nextStep({ state: "occupied", key, users: 0, gone: false }, other)).toBe("evict");
    expect(nextStep({ state: "occupied", key, users: 1, gone: false }, other)).toBe("wait");
  });

  it("never uses a runner that is gone", () => {
    expect(nextStep({ state: "occupied", key, users: 0, gone: true }, key)).toBe("evict");
    expect(nextStep({ state: "occupied", key, users: 1, gone: true }, key)).toBe("wait");
  });
});

describe("the scheduler", () => {
  it("loads once for many requests of one model", async () => {
    const { scheduler, started, want } = bench();
    const leases = await Promise.all([scheduler.acquire(want("a")), scheduler.acquire(want("a"))]);
    expect(started).toHaveLength(1);
    expect(leases[0].runner).toBe(leases[1].runner);
  });

  it("makes another model wait for the last user, then evicts and loads", async () => {
    const { scheduler, started, want } = bench();
    const first = await scheduler.acquire(want("a"));
    const second = scheduler.acquire(want("b"));
    await Promise.resolve();
    expect(started.map(({ name }) => name)).toEqual(["a"]);
    first.release();
    await second;
    expect(started.map(({ name, gone }) => [name, gone])).toEqual([
      ["a", true],
      ["b", false],
    ]);
  });

  it("loads again when a load-time option differs", async () => {
    const { scheduler, started, want } = bench();
    (await scheduler.acquire(want("a"))).release();
    (await scheduler.acquire(want("a", { load: loadWith(4096) }))).release();
    expect(started).toHaveLength(2);
  });

  it("loads again after the runner died", async () => {
    const { scheduler, started, want } = bench();
    const lease = await scheduler.acquire(want("a"));
    started[0]?.die();
    expect(scheduler.loaded).toBeUndefined();
    lease.release();
    const next = await scheduler.acquire(want("a"));
    expect(next.runner).toBe(started[1]);
  });

  it("unloads at once with keep_alive 0, and on request as soon as nobody uses the model", async () => {
    const { scheduler, started, want } = bench();
    (await scheduler.acquire(want("a", { keepAliveMs: 0 }))).release();
    await started[0]?.ended;
    const lease = await scheduler.acquire(want("a"));
    scheduler.expire("a");
    expect(started[1]?.gone).toBe(false);
    lease.release();
    await started[1]?.ended;
    expect(scheduler.loaded).toBeUndefined();
  });

  it("does not hand out a runner that is being stopped", async () => {
    const { scheduler, started, want } = bench();
    (await scheduler.acquire(want("a"))).release();
    scheduler.expire("a");
    const lease = await scheduler.acquire(want("a"));
    expect(lease.runner).toBe(started[1]);
    expect(lease.runner.gone).toBe(false);
  });

  it("says until when a model stays", async () => {
    const { scheduler, want } = bench();
    const lease = await scheduler.acquire(want("a", { keepAliveMs: 60_000 }));
    lease.release();
    const leftMs = (scheduler.loaded?.expiresAtMs ?? 0) - Date.now();
    expect(leftMs).toBeGreaterThan(59_000);
    expect(leftMs).toBeLessThanOrEqual(60_000);
    await scheduler.stop();
  });

  it("refuses more waiting requests than the queue holds", async () => {
    const { scheduler, want } = bench({ queueLengthMax: 1, start: () => new Promise(() => undefined) });
    scheduler.acquire(want("a")).catch(() => undefined);
    await expect(scheduler.acquire(want("a"))).rejects.toThrow(QueueFull);
  });

  it("passes a failed load to its request and goes on with the next", async () => {
    const { scheduler, want } = bench({
      start: async (model) => {
        if (model === "broken") throw new Error("cannot load");
      },
    });
    const [broken, good] = [scheduler.acquire(want("broken")), scheduler.acquire(want("a"))];
    await expect(broken).rejects.toThrow("cannot load");
    await expect(good).resolves.toBeDefined();
  });

  it("forgets a request whose client left, and unloads what was loaded for nobody", async () => {
    const gone = new AbortController();
    const { scheduler, started, want } = bench({
      start: async () => {
        gone.abort();
      },
    });
    const request = scheduler.acquire(want("a", { signal: gone.signal }));
    await expect(request).rejects.toThrow(RequestCancelled);
    await scheduler.stop();
    expect(started.every((runner) => runner.gone)).toBe(true);
  });

  it("refuses what waits when it stops, and ends the runner", async () => {
    const { scheduler, started, want } = bench();
    await scheduler.acquire(want("a"));
    const waiting = scheduler.acquire(want("b"));
    const stopped = scheduler.stop();
    await expect(waiting).rejects.toThrow(RequestCancelled);
    await stopped;
    expect(started[0]?.gone).toBe(true);
    await expect(scheduler.acquire(want("a"))).rejects.toThrow(RequestCancelled);
  });
});
