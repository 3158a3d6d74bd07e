// What the metrics say of the fleet, on a real Postgres.
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, it } from "vitest";
import { storeSweep } from "../testing/made-sweep.ts";
import { openRealParts, type RealParts } from "../testing/real-parts.ts";
import { countFleet } from "./fleet-counts.ts";

let parts: RealParts;

beforeAll(async () => {
  parts = await openRealParts();
});
afterAll(async () => {
  await parts.close();
});

it("every machine is counted in one state, also those that only enrolled, and removed ones in none", async () => {
  const store = await parts.newStore();
  const { db } = store;
  for (const id of ["heard", "silent", "paused", "silent-paused", "barred"])
    await storeSweep(store, 2, id, `s-${id}`);
  await db.execute(sql`update machines set last_seen_at = now() - interval '1 hour' where id like 'silent%'`);
  await db.execute(
    sql`insert into machine_settings (machine_id, paused_at) values ('paused', now()), ('silent-paused', now())`,
  );
  await db.execute(sql`insert into machine_identities (machine_id, name, public_key, state) values
    ('barred', 'barred', 'K1', 'revoked'), ('waits', 'waits', 'K2', 'pending'),
    ('never-came', 'never-came', 'K3', 'approved'), ('gone', 'gone', 'K4', 'removed')`);
  await db.execute(sql`update trials set state = 'done' where machine_id = 'heard'`);
  await db.execute(
    sql`insert into quarantine (machine_id, reason, digest, payload) values ('heard', 'r', 'd', decode('00', 'hex'))`,
  );
  expect(await countFleet(db, 30_000)).toEqual({
    machines: { heard: 1, missing: 3, paused: 1, pending: 1, revoked: 1 },
    trials: { done: 2, planned: 8 },
    sweeps: { running: 5 },
    quarantinedMessages: 1,
    notifications: {},
  });
});
