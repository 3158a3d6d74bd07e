// Keeps one model loaded and gives requests access to it: first come, first served; a request that needs another model
// or other load-time options waits until nobody uses the loaded one, evicts it and loads its own.
import type { DurationMs } from "../duration.ts";
import { type ModelKey, nextStep, type Place } from "./next-step.ts";
import type { Runner } from "./runner-process.ts";

/** More requests wait for a model than may; the message is Ollama's. */
export class QueueFull extends Error {
  override name = "QueueFull";

  constructor() {
    super("server busy, please try again.  maximum pending requests exceeded");
  }
}

/** The client went away before it had a model; the message is Ollama's. */
export class RequestCancelled extends Error {
  override name = "RequestCancelled";

  constructor() {
    super("request canceled");
  }
}

/** A request for a loaded model. */
export interface Wanted<Model> extends ModelKey {
  /** What the caller wants to find again in `loaded`. */
  readonly model: Model;
  /** How long the model stays after its last use; undefined keeps what holds already. */
  readonly keepAliveMs: DurationMs | undefined;
  readonly signal: AbortSignal;
}

/** Access to the loaded model; `release` ends it and must be called once. */
export interface Lease {
  readonly runner: Runner;
  release(): void;
}

/** What is loaded now. `expiresAt` is in epoch milliseconds; Infinity means never. */
export interface Loaded<Model> {
  readonly model: Model;
  readonly runner: Runner;
  readonly expiresAtMs: number;
}

/** What the scheduler needs from outside. */
export interface SchedulerParts<Model> {
  /** Loads a model; rejects if that fails or when the signal (client gone, server stopping) aborts. */
  readonly start: (wanted: Wanted<Model>, signal: AbortSignal) => Promise<Runner>;
  readonly keepAliveMs: DurationMs;
  readonly queueLengthMax: number;
}

interface Occupant<Model> {
  readonly key: ModelKey;
  readonly model: Model;
  readonly runner: Runner;
  users: number;
  /** Being stopped: nobody may start using it any more. */
  leaving: boolean;
  keepAliveMs: DurationMs;
  expiresAtMs: number;
  expiry: NodeJS.Timeout | undefined;
}

interface Waiting<Model> {
  readonly wanted: Wanted<Model>;
  readonly resolve: (lease: Lease) => void;
  readonly reject: (error: unknown) => void;
}

/** Timers longer than this fire at once in Node. */
const timerMaxMs = 2 ** 31 - 1;

/** The scheduler of one server. */
export class Scheduler<Model> {
  #parts: SchedulerParts<Model>;
  #occupant: Occupant<Model> | undefined;
  #queue: Waiting<Model>[] = [];
  /** The run of #pump in progress, if any. */
  #pumping: Promise<void> | undefined;
  #stopping = new AbortController();
  /** Resolves what waits for the occupant to become unused or to go. */
  #changed: (() => void)[] = [];

  constructor(parts: SchedulerParts<Model>) {
    this.#parts = parts;
  }

  /** Waits for the model. Rejects with QueueFull, RequestCancelled or what `start` rejects with. */
  acquire(wanted: Wanted<Model>): Promise<Lease> {
    if (this.#queue.length === 0 && this.#occupant && nextStep(this.#place(), wanted) === "use") {
      return Promise.resolve(this.#lease(this.#occupant, wanted));
    }
    if (this.#stopping.signal.aborted) return Promise.reject(new RequestCancelled());
    if (this.#queue.length >= this.#parts.queueLengthMax) return Promise.reject(new QueueFull());
    return new Promise((resolve, reject) => {
      const waiting = { wanted, resolve, reject };
      this.#queue.push(waiting);
      wanted.signal.addEventListener("abort", () => this.#giveUp(waiting), { once: true });
      this.#pumping ??= this.#pump();
    });
  }

  /** What is loaded, or undefined. */
  get loaded(): Loaded<Model> | undefined {
    const occupant = this.#occupant;
    if (occupant === undefined || occupant.runner.gone) return undefined;
    const { model, runner, keepAliveMs } = occupant;
    return {
      model,
      runner,
      expiresAtMs: occupant.users > 0 ? Date.now() + keepAliveMs : occupant.expiresAtMs,
    };
  }

  /** Unloads the model of this file as soon as nobody uses it. */
  expire(blobDigest: string): void {
    const occupant = this.#occupant;
    if (occupant === undefined || occupant.key.blobDigest !== blobDigest) return;
    occupant.keepAliveMs = 0;
    if (occupant.users === 0) void this.#remove(occupant);
  }

  /** Refuses what waits, unloads what is loaded and resolves when its process is gone. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    for (const { reject } of this.#queue.splice(0)) reject(new RequestCancelled());
    this.#announce();
    await this.#pumping;
    if (this.#occupant) await this.#remove(this.#occupant);
  }

  #place(): Place {
    const occupant = this.#occupant;
    if (occupant === undefined) return { state: "empty" };
    return { state: "occupied", key: occupant.key, users: occupant.users, gone: isGone(occupant) };
  }

  /** Works the queue off, head first. Only one pump runs at a time. */
  async #pump(): Promise<void> {
    // Let `acquire` note that the pump runs before anything else happens.
    await Promise.resolve();
    for (let head = this.#queue[0]; head !== undefined; head = this.#queue[0]) await this.#advance(head);
    // In the same breath as the last look at the queue: whoever comes next starts a new pump.
    this.#pumping = undefined;
  }

  async #advance(head: Waiting<Model>): Promise<void> {
    const occupant = this.#occupant;
    const step = nextStep(this.#place(), head.wanted);
    if (step === "use" && occupant) {
      this.#dequeue(head);
      head.resolve(this.#lease(occupant, head.wanted));
    } else if (step === "wait") {
      await new Promise<void>((resolve) => this.#changed.push(resolve));
    } else if (step === "evict" && occupant) {
      await this.#remove(occupant);
    } else {
      await this.#load(head);
    }
  }

  async #load(head: Waiting<Model>): Promise<void> {
    try {
      const signal = AbortSignal.any([head.wanted.signal, this.#stopping.signal]);
      const occupant = this.#settle(head, await this.#parts.start(head.wanted, signal));
      // Its client left at the last moment: nobody will release it.
      if (!this.#queue.includes(head)) this.#startExpiry(occupant);
    } catch (error) {
      this.#dequeue(head);
      head.reject(head.wanted.signal.aborted ? new RequestCancelled() : error);
    }
  }

  #settle({ wanted }: Waiting<Model>, runner: Runner): Occupant<Model> {
    const occupant: Occupant<Model> = {
      key: { blobDigest: wanted.blobDigest, load: wanted.load },
      model: wanted.model,
      runner,
      users: 0,
      leaving: false,
      keepAliveMs: wanted.keepAliveMs ?? this.#parts.keepAliveMs,
      expiresAtMs: Number.POSITIVE_INFINITY,
      expiry: undefined,
    };
    this.#occupant = occupant;
    void runner.ended.then(() => {
      if (this.#occupant === occupant && occupant.users === 0) this.#forget(occupant);
    });
    return occupant;
  }

  #lease(occupant: Occupant<Model>, wanted: Wanted<Model>): Lease {
    clearTimeout(occupant.expiry);
    occupant.users += 1;
    if (wanted.keepAliveMs !== undefined) occupant.keepAliveMs = wanted.keepAliveMs;
    return { runner: occupant.runner, release: () => this.#release(occupant) };
  }

  #release(occupant: Occupant<Model>): void {
    occupant.users -= 1;
    if (occupant.users > 0) return;
    this.#startExpiry(occupant);
    this.#announce();
  }

  #startExpiry(occupant: Occupant<Model>): void {
    occupant.expiresAtMs = Date.now() + occupant.keepAliveMs;
    if (occupant.runner.gone) this.#forget(occupant);
    else if (occupant.keepAliveMs <= 0) void this.#remove(occupant);
    else if (occupant.keepAliveMs < timerMaxMs) {
      occupant.expiry = setTimeout(() => void this.#remove(occupant), occupant.keepAliveMs);
    }
  }

  async #remove(occupant: Occupant<Model>): Promise<void> {
    clearTimeout(occupant.expiry);
    occupant.leaving = true;
    await occupant.runner.stop();
    this.#forget(occupant);
  }

  #forget(occupant: Occupant<Model>): void {
    clearTimeout(occupant.expiry);
    if (this.#occupant === occupant) this.#occupant = undefined;
    this.#announce();
  }

  #announce(): void {
    for (const resolve of this.#changed.splice(0)) resolve();
  }

  #dequeue(waiting: Waiting<Model>): void {
    const at = this.#queue.indexOf(waiting);
    if (at >= 0) this.#queue.splice(at, 1);
  }

  #giveUp(waiting: Waiting<Model>): void {
    // A load in progress is given up by `start`, which watches the same signal.
    this.#dequeue(waiting);
    waiting.reject(new RequestCancelled());
    this.#announce();
  }
}

function isGone<Model>(occupant: Occupant<Model>): boolean {
  return occupant.leaving || occupant.runner.gone;
}
