// Real Postgres and NATS for tests, in a folder of their own, ended afterwards.
import { randomBytes } from "node:crypto";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Bus, connectBus, ensureStreams } from "@ozone/shared/bus";
import pg from "pg";
import { startNats } from "../embedded/nats-server.ts";
import { startPostgres } from "../embedded/postgres.ts";
import { testNatsServer } from "../embedded/testing/stage.ts";
import { openStore, type Store } from "../store/open-store.ts";

/** Real parts of one test file. */
export interface RealParts {
  /** A new, empty database. @returns its URL */
  newDatabase(): Promise<string>;
  /** A store on a database of its own. */
  newStore(): Promise<Store>;
  readonly bus: Bus;
  /** With the password of the coordinator. */
  readonly natsUrl: string;
  close(): Promise<void>;
}

/** Starts Postgres and NATS. Call `close` in afterAll. */
export async function openRealParts(): Promise<RealParts> {
  const dataDir = await mkdtemp(join(tmpdir(), "ozone-parts-"));
  await chmod(dataDir, 0o755);
  const log = () => undefined;
  const postgres = await startPostgres({ dataDir, log });
  const nats = await startNats({ dataDir, log, binary: (await testNatsServer()).path });
  const bus = await connectBus({ url: nats.url, name: "test" });
  await ensureStreams(bus);
  const stores: Store[] = [];
  async function newDatabase(like = "template1"): Promise<string> {
    const name = `test_${randomBytes(4).toString("hex")}`;
    const admin = new pg.Client({ connectionString: postgres.url });
    await admin.connect();
    await admin.query(`create database ${name} template ${like}`);
    await admin.end();
    const url = new URL(postgres.url);
    url.pathname = `/${name}`;
    return url.href;
  }
  // The tables are made once a file, and copied for each store: the migrations take as long as a short test.
  let prepared: Promise<string> | null = null;
  async function prepare(): Promise<string> {
    const url = await newDatabase();
    await (await openStore(url, log)).close();
    return new URL(url).pathname.slice(1);
  }
  return {
    bus,
    natsUrl: nats.url,
    newDatabase: () => newDatabase(),
    async newStore() {
      prepared ??= prepare();
      const store = await openStore(await newDatabase(await prepared), log);
      stores.push(store);
      return store;
    },
    async close() {
      await Promise.all(stores.map((store) => store.close()));
      await bus.close();
      await nats.stop();
      await postgres.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
