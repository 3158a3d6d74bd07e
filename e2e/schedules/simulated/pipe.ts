// The simulated pipe: the calls of the NATS client that shared/bus makes, over streams in memory. It delivers at least
// once, and as badly as its faults say.
import type { Bus } from "@ozone/shared/bus";
import type { SeededRandom } from "@ozone/shared/statistics/seeded-random";
import type { VirtualClock } from "./clock.ts";
import {
  consumerInfo,
  DEDUPLICATION_MS,
  depthOf,
  found,
  full,
  isFull,
  type Link,
  matches,
  newStream,
  noResponders,
  type PublishOptions,
  put,
  REMEMBERED_MAX,
  type SimulatedStream,
  type Stored,
  type StreamWords,
  type Subscription,
  timeout,
} from "./pipe-words.ts";
import { currentProcess, runAs } from "./process.ts";

/** The server and what is on the way. */
export class SimulatedPipe {
  up = true;
  /** Its disk is full: it takes no message in. */
  isFull = false;
  /** The most results of one machine that ever lay in it. */
  mostOfOneSubject = 0;
  /** How badly it delivers: shares of messages, and the longest delay. */
  weather = { duplicate: 0, lose: 0, lateMs: 5 };
  #streams = new Map<string, SimulatedStream>();
  #consumers = new Map<string, { filter: string; ackWaitMs: number; pendingMax: number }>();
  #acknowledged: Stored[] = [];
  #subscriptions = new Set<Subscription>();
  #waiting = new Set<() => void>();
  readonly #clock: VirtualClock;
  readonly #random: SeededRandom;

  constructor(clock: VirtualClock, random: SeededRandom) {
    this.#clock = clock;
    this.#random = random;
  }

  /** kill -9: what was acknowledged last may be there again. With `wiped`, nothing is. */
  kill(wiped: boolean): void {
    this.up = false;
    if (wiped) {
      this.#streams.clear();
      this.#consumers.clear();
    } else {
      for (const message of this.#acknowledged) {
        const messages = this.#random.next() < 0.5 ? null : this.#streams.get(message.stream)?.messages;
        if (messages) put(messages, { ...message, pendingUntilMs: 0 });
      }
      for (const { messages } of this.#streams.values()) for (const one of messages) one.pendingUntilMs = 0;
    }
    this.#acknowledged = [];
  }

  start(): void {
    this.up = true;
    this.#changed();
  }

  /** Messages in all streams. */
  depth(): number {
    return [...this.#streams.values()].reduce((sum, { messages }) => sum + messages.length, 0);
  }

  #changed(): void {
    const all = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of all) wake();
  }

  #delayMs = () => 1 + this.#random.next() * this.weather.lateMs;
  #lost = () => this.#random.next() < this.weather.lose;

  /** One request to the server and its answer; either may be lost. */
  #exchange<Value>(link: Link, timeoutMs: number, serve: () => Value): Promise<Value> {
    return this.#clock.call(async () => {
      const { nowMs, until } = this.#clock;
      const fail = async () => {
        await until(nowMs + timeoutMs);
        throw timeout();
      };
      await until(nowMs + this.#delayMs());
      if (!this.up || !link.toServer || this.#lost()) return fail();
      const value = serve();
      await until(this.#clock.nowMs + this.#delayMs());
      return !this.up || !link.fromServer || this.#lost() ? fail() : value;
    });
  }

  #store(subject: string, data: Uint8Array, options: PublishOptions): object {
    const [stream, it] = [...this.#streams].find(([, { filter }]) => matches(filter, subject)) ?? [];
    if (!stream || !it) throw noResponders();
    const [{ messages, ids, config }, { msgID, headers }] = [it, options];
    const known = ids.get(msgID ?? "");
    if (known !== undefined && this.#clock.nowMs - known < DEDUPLICATION_MS) return { duplicate: true };
    if (this.isFull || isFull(config, messages, subject)) throw full();
    if (msgID !== undefined) ids.set(msgID, this.#clock.nowMs);
    const copies = msgID === undefined && this.#random.next() < this.weather.duplicate ? 2 : 1;
    put(messages, { stream, subject, data, headers, deliveries: 0, pendingUntilMs: 0 }, copies);
    this.mostOfOneSubject = Math.max(this.mostOfOneSubject, depthOf(messages, subject));
    this.#changed();
    return { duplicate: false };
  }

  /** The next message of a consumer, if it may have one now. */
  #take(stream: string, name: string): Stored | null {
    const consumer = this.#consumers.get(`${stream}/${name}`);
    if (!consumer) return null;
    const { nowMs } = this.#clock;
    const all = (this.#streams.get(stream)?.messages ?? []).filter(({ subject }) =>
      matches(consumer.filter, subject),
    );
    if (all.filter(({ pendingUntilMs }) => pendingUntilMs > nowMs).length >= consumer.pendingMax) return null;
    const free = all.filter(({ pendingUntilMs }) => pendingUntilMs <= nowMs);
    const chosen = this.weather.lateMs > 100 && free.length > 1 ? this.#random.pick(free) : free[0];
    if (!chosen) return null;
    chosen.deliveries += 1;
    chosen.pendingUntilMs = nowMs + consumer.ackWaitMs;
    return chosen;
  }

  #message(stored: Stored, link: Link, stream: string, name: string) {
    const owner = currentProcess();
    const tell = (then: () => void) => {
      if (!owner?.alive) return;
      const lateMs = Math.max(0, owner.stoppedUntilMs - this.#clock.nowMs) + this.#delayMs();
      this.#clock.at(this.#clock.nowMs + lateMs, () => {
        if (this.up && link.toServer && !this.#lost()) then();
      });
    };
    const inStream = () => this.#streams.get(stream)?.messages ?? [];
    return {
      data: stored.data,
      subject: stored.subject,
      headers: stored.headers,
      info: { deliveryCount: stored.deliveries, pending: inStream().filter((one) => one !== stored).length },
      ack: () =>
        tell(() => {
          const index = inStream().indexOf(stored);
          if (index < 0) return;
          inStream().splice(index, 1);
          this.#acknowledged = [...this.#acknowledged, stored].slice(-REMEMBERED_MAX);
          this.#changed();
        }),
      working: () =>
        tell(() => {
          const ackWaitMs = this.#consumers.get(`${stream}/${name}`)?.ackWaitMs ?? 0;
          stored.pendingUntilMs = this.#clock.nowMs + ackWaitMs;
        }),
    };
  }

  async #next(link: Link, stream: string, name: string, expiresMs: number) {
    const owner = currentProcess();
    const endMs = this.#clock.nowMs + expiresMs;
    while (this.#clock.nowMs < endMs && owner?.alive !== false) {
      const runs = (owner?.stoppedUntilMs ?? 0) <= this.#clock.nowMs;
      const taken = this.up && link.toServer && runs ? this.#take(stream, name) : null;
      if (taken && link.fromServer && !this.#lost()) {
        const message = this.#message(taken, link, stream, name);
        return this.#clock.call(async () => message);
      }
      if (taken) continue;
      await new Promise<void>((resolve) => {
        this.#waiting.add(resolve);
        this.#clock.at(Math.min(endMs, this.#clock.nowMs + 1_000), resolve);
      });
    }
    return this.#clock.call(async () => null);
  }

  #deliver(
    subject: string,
    data: Uint8Array,
    reply?: { respond: (data: Uint8Array) => void },
    one = false,
  ): boolean {
    let to = [...this.#subscriptions].filter(
      (sub) => sub.owner?.alive !== false && matches(sub.subject, subject),
    );
    if (one && to.length > 1) to = [this.#random.pick(to)];
    for (const { owner, link, callback } of to) {
      if (!link.fromServer || this.#lost()) continue;
      const lateMs = Math.max(0, (owner?.stoppedUntilMs ?? 0) - this.#clock.nowMs) + this.#delayMs();
      const copies = this.#random.next() < this.weather.duplicate ? 2 : 1;
      for (let copy = 1; copy <= copies; copy += 1) {
        this.#clock.at(this.#clock.nowMs + lateMs * copy, () => {
          if (owner?.alive === false || !this.up) return;
          const respond = (answer: Uint8Array) => {
            if (owner?.alive !== false && link.toServer) reply?.respond(answer);
          };
          runAs(owner, () => callback(null, { subject, data, reply: "_INBOX.simulated", respond }));
        });
      }
    }
    return to.length > 0;
  }

  #request(link: Link, subject: string, data: Uint8Array, timeoutMs: number): Promise<object> {
    return this.#clock.call(async () => {
      const { until } = this.#clock;
      let answer: Uint8Array | null = null;
      let wake: () => void = () => undefined;
      const answered = new Promise<void>((resolve) => {
        wake = resolve;
      });
      await until(this.#clock.nowMs + this.#delayMs());
      if (this.up && link.toServer && !this.#lost()) {
        const respond = (data: Uint8Array) => {
          if (link.fromServer && this.up && !this.#lost()) {
            answer = data;
            this.#clock.at(this.#clock.nowMs + this.#delayMs(), wake);
          }
        };
        if (!this.#deliver(subject, data, { respond }, true)) throw noResponders();
      }
      await Promise.race([answered, until(this.#clock.nowMs + timeoutMs)]);
      if (!answer) throw timeout();
      return { data: answer };
    });
  }

  /** A connection of the running process. */
  connect(link: Link): Bus {
    const ask = <Value>(serve: () => Value) => this.#exchange(link, 5_000, serve);
    const [streams, consumers] = [this.#streams, this.#consumers];
    const manager = {
      streams: {
        info: (name: string) => ask(() => found(streams.get(name))),
        add: (config: StreamWords) => ask(() => void streams.set(config.name, newStream(config))),
      },
      consumers: {
        info: (stream: string, name: string) =>
          ask(() => consumerInfo(found(consumers.get(`${stream}/${name}`)), found(streams.get(stream)))),
        update: () => ask(() => undefined),
        add: (
          stream: string,
          of: { durable_name: string; ack_wait: number; filter_subject: string; max_ack_pending: number },
        ) =>
          ask(() => {
            found(streams.get(stream));
            consumers.set(`${stream}/${of.durable_name}`, {
              filter: of.filter_subject,
              ackWaitMs: of.ack_wait / 1e6,
              pendingMax: of.max_ack_pending,
            });
          }),
      },
    };
    const next = (stream: string, name: string, expires: number) => this.#next(link, stream, name, expires);
    const consumer = (stream: string, name: string) => ({
      next: ({ expires }: { expires: number }) => next(stream, name, expires),
      fetch: async ({ max_messages: max, expires }: { max_messages: number; expires: number }) => ({
        async *[Symbol.asyncIterator]() {
          for (let count = 0; count < max; count += 1) {
            const message = await next(stream, name, expires);
            if (!message) return;
            yield message;
          }
        },
      }),
    });
    const jetstream = {
      publish: (subject: string, data: Uint8Array, options: PublishOptions) =>
        this.#exchange(link, options.timeout ?? 5_000, () => this.#store(subject, data, options)),
      consumers: {
        get: (stream: string, name: string) =>
          ask(() => found(consumers.get(`${stream}/${name}`))).then(() => consumer(stream, name)),
      },
    };
    const connection = {
      jetstreamManager: async () => manager,
      jetstream: () => jetstream,
      publish: (subject: string, data: Uint8Array) => {
        if (currentProcess()?.alive !== false && this.up && link.toServer && !this.#lost())
          this.#deliver(subject, data);
      },
      request: (subject: string, data: Uint8Array, { timeout: ms }: { timeout: number }) =>
        this.#request(link, subject, data, ms),
      subscribe: (subject: string, { callback }: { callback: Subscription["callback"] }) => {
        const subscription = { subject, callback, link, owner: currentProcess() };
        this.#subscriptions.add(subscription);
        return { unsubscribe: () => this.#subscriptions.delete(subscription) };
      },
    };
    // Only what shared/bus calls is there; the compiler can't know that the rest is never asked for.
    return { connection: connection as unknown as Bus["connection"], close: async () => undefined };
  }
}
