// The store's connections on a real Postgres that cuts them off.
import { createRequire } from "node:module";
import { Worker } from "node:worker_threads";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openRealParts, type RealParts } from "../testing/real-parts.ts";
import { openStore } from "./open-store.ts";

let parts: RealParts;
beforeAll(async () => {
  parts = await openRealParts();
});
afterAll(() => parts.close());

/** More than the store keeps connections. */
const TIMES = 10;

/**
 * Cuts off every idle connection to the database, and is back before this process can have noticed: whoever takes one
 * of them in the same turn finds out by its first query.
 */
function cutOffUnnoticed(connectionString: string): void {
  const done = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(
    `const { workerData: { pgPath, connectionString, done } } = require("node:worker_threads");
    const { Client } = require(pgPath);
    const client = new Client({ connectionString });
    client.connect()
      .then(() => client.query("select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"))
      .then(() => client.end())
      .finally(() => { Atomics.store(done, 0, 1); Atomics.notify(done, 0); });`,
    {
      eval: true,
      workerData: { pgPath: createRequire(import.meta.url).resolve("pg"), connectionString, done },
    },
  );
  Atomics.wait(done, 0, 0, 20_000);
  void worker.terminate();
}

describe("a store whose connections are cut off", () => {
  it("has all of them again after more transactions failed to begin than it has connections", async () => {
    const url = await parts.newDatabase();
    const store = await openStore(url, () => undefined);
    let failed = 0;
    for (let time = 0; time < TIMES; time += 1) {
      await store.ping();
      cutOffUnnoticed(url);
      await store.db
        .transaction(async () => undefined)
        .catch(() => {
          failed += 1;
        });
    }
    expect(failed).toBe(TIMES);
    await store.db.transaction(async () => undefined);
    await store.close();
  });
});
