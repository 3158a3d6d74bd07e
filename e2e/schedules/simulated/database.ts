// A real Postgres on the virtual clock: one connection, one transaction at a time, so that the same seed gives the same
// order. It can be killed, at the COMMIT too: before or after it took effect.
import pg from "pg";
import type { VirtualClock } from "./clock.ts";
import { currentProcess as ownerOf } from "./process.ts";

const gone = () => new Error("Connection terminated unexpectedly");
const diskFull = () =>
  Object.assign(new Error("could not extend file: No space left on device"), { code: "53100" });
type Query = (...of: unknown[]) => Promise<unknown>;

const CLOCK = `create schema if not exists simulated;
create or replace function simulated.now() returns timestamptz language sql stable as
$$ select to_timestamp(1767225600 + coalesce(nullif(current_setting('simulated.now_ms', true), ''), '0')::float8 / 1000) $$;
set search_path = public, simulated, pg_catalog;
set client_min_messages = error;
set synchronous_commit = off`;

/** Statements that look at the clock; an insert's columns may have it as their default. */
const NEEDS_TIME = /now\(\)|^insert/i;

const WRITES = /^(insert|update|delete)/i;

/** The database of all schedules. */
export class SimulatedDatabase {
  /** Killed until then, in virtual time. */
  downUntilMs = 0;
  /** Its disk is full until then: nothing can be written. */
  fullUntilMs = 0;
  /** What happens to the next COMMIT. */
  atCommit: "before" | "after" | null = null;
  onCommitFailed: () => void = () => undefined;
  #clock: VirtualClock | null = null;
  #tail: Promise<void> = Promise.resolve();
  #saidMs = -1;
  readonly #names = new Map<string, string>();
  readonly #client: pg.Client;

  private constructor(client: pg.Client) {
    this.#client = client;
  }

  static async open(url: string): Promise<SimulatedDatabase> {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query(CLOCK);
    return new SimulatedDatabase(client);
  }

  /** The simulation's own questions: not part of any schedule. */
  async ask<Row>(sql: string): Promise<Row[]> {
    return (await this.#client.query(sql)).rows as Row[];
  }

  async empty(): Promise<void> {
    const tables = await this.ask<{ tablename: string }>(
      "select tablename from pg_tables where schemaname = 'public'",
    );
    const names = tables.map(({ tablename }) => `"${tablename}"`).join(", ");
    if (names !== "") await this.#client.query(`truncate ${names} restart identity cascade`);
  }

  close = (): Promise<void> => this.#client.end();

  async #acquire(): Promise<() => void> {
    const before = this.#tail;
    let release: () => void = () => undefined;
    this.#tail = new Promise((resolve) => {
      release = resolve;
    });
    await before;
    return release;
  }

  async #real(words: unknown[]): Promise<unknown> {
    const of = this.#prepared(words);
    const clock = this.#clock;
    if (clock) clock.inFlight += 1;
    try {
      return await (this.#client.query as unknown as Query).apply(this.#client, of);
    } finally {
      if (clock) clock.inFlight -= 1;
    }
  }

  /** The same few statements again and again: Postgres parses and plans each of them once. */
  #prepared([query, ...rest]: unknown[]): unknown[] {
    const { text } = query as { text?: string };
    if (text === undefined) return [query, ...rest];
    const name = this.#names.get(text) ?? `s${this.#names.size}`;
    this.#names.set(text, name);
    return [{ ...(query as object), name }, ...rest];
  }

  async #sayTime(): Promise<void> {
    const nowMs = this.#clock?.nowMs ?? 0;
    if (nowMs === this.#saidMs) return;
    this.#saidMs = nowMs;
    await this.#real(["select set_config('simulated.now_ms', $1, false)", [String(nowMs)]]);
  }

  #isDown = () => this.#clock !== null && this.downUntilMs > this.#clock.nowMs;

  async #commit(of: unknown[]): Promise<unknown> {
    const fault = this.atCommit;
    this.atCommit = null;
    if (!fault) return this.#real(of);
    await this.#real(fault === "before" ? ["rollback"] : of);
    this.onCommitFailed();
    throw gone();
  }

  /** One session: a transaction, or a statement on its own. */
  async #session(callFrom: VirtualClock): Promise<{ query: Query; release(): void }> {
    const release = await this.#acquire();
    let open = false;
    let broken = false;
    const end = async () => {
      if (open) await this.#real(["rollback"]);
      open = false;
    };
    const one = async (of: unknown[]): Promise<unknown> => {
      const text = String((of[0] as { text?: string }).text ?? of[0]).trim();
      if (broken || this.#isDown()) {
        broken = true;
        await end();
        throw gone();
      }
      if (WRITES.test(text) && this.fullUntilMs > callFrom.nowMs) throw diskFull();
      if (NEEDS_TIME.test(text)) await this.#sayTime();
      if (/^begin/i.test(text)) open = true;
      if (/^rollback$/i.test(text)) open = false;
      if (!/^commit/i.test(text)) return this.#real(of);
      open = false;
      return this.#commit(of);
    };
    return {
      query: async (...of) => {
        const session = { answered: false };
        const owner = ownerOf();
        if (owner && !owner.alive) {
          await end();
          release();
          return new Promise(() => undefined);
        }
        const onDeath = owner?.onDeath;
        if (owner && onDeath)
          owner.onDeath = () => {
            owner.onDeath = onDeath;
            onDeath();
            // Its connection is gone: what it had not committed is undone, and others go on.
            session.answered = true;
            queueMicrotask(
              () =>
                void busy
                  .catch(() => undefined)
                  .then(end)
                  .then(release),
            );
          };
        let busy: Promise<unknown> = Promise.resolve();
        try {
          return await callFrom.call(() => {
            busy = one(of);
            return busy;
          });
        } finally {
          if (owner && onDeath && !session.answered) owner.onDeath = onDeath;
        }
      },
      release,
    };
  }

  /** Makes every pool that is opened from now on one of this database. @returns a function that ends it */
  install(clock: VirtualClock): () => void {
    const { Pool } = pg;
    this.#clock = clock;
    this.#saidMs = -1;
    this.#tail = Promise.resolve();
    this.downUntilMs = 0;
    this.fullUntilMs = 0;
    this.atCommit = null;
    const open = () => this.#session(clock);
    class SimulatedPool {
      on = () => this;
      end = async () => undefined;
      connect = open;
      async query(...of: unknown[]) {
        const session = await open();
        try {
          return await session.query(...of);
        } finally {
          session.release();
        }
      }
    }
    Object.assign(pg, { Pool: SimulatedPool });
    return () => {
      this.#clock = null;
      Object.defineProperty(pg, "Pool", {
        value: Pool,
        configurable: true,
        writable: true,
        enumerable: true,
      });
    };
  }
}
