// Machines that stay away, on a real Postgres.
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { revokeMachine } from "../fleet/admit-machine.ts";
import type { Store } from "../store/open-store.ts";
import { listTargets } from "../store/sweeps.ts";
import { trialsOfSweep } from "../store/trials.ts";
import { storeSweep } from "../testing/made-sweep.ts";
import { openRealParts, type RealParts } from "../testing/real-parts.ts";
import { leaveAbsent } from "./leave-absent.ts";

const DAY_MS = 86_400_000;
const PATIENCE = { waitMs: 7 * DAY_MS, listeningMs: 2 * 3_600_000 };

let parts: RealParts;
let store: Store;

beforeAll(async () => {
  parts = await openRealParts();
});
afterAll(() => parts.close());
beforeEach(async () => {
  store = await parts.newStore();
  await storeSweep(store, 2, "m-gone", "s-1");
  await storeSweep(store, 1, "m-there", "s-2");
});

const silentFor = (machineId: string, ms: number) =>
  store.db.execute(
    sql`update machines set last_seen_at = now() - make_interval(secs => ${ms / 1000}) where id = ${machineId}`,
  );
const states = async (sweepId: string) => (await trialsOfSweep(store.db, sweepId)).map(({ state }) => state);

describe("a machine that stays away", () => {
  it("is waited for a week, then its part of every sweep ends with a note and the others' goes on", async () => {
    await silentFor("m-gone", 7 * DAY_MS - 60_000);
    expect(await leaveAbsent(store, PATIENCE)).toBe(0);
    await silentFor("m-gone", 7 * DAY_MS + 1_000);
    expect(await leaveAbsent(store, PATIENCE)).toBe(1);
    expect(await leaveAbsent(store, PATIENCE)).toBe(0);
    expect(await states("s-1")).toEqual(["cancelled", "cancelled"]);
    expect(await listTargets(store.db, "s-1")).toMatchObject([
      { finished: true, notes: [expect.stringMatching(/^The machine was not heard for 168 h /)] },
    ]);
    expect(await states("s-2")).toEqual(["planned"]);
  });

  it("is given an hour to be heard again by a coordinator that was away for longer", async () => {
    await silentFor("m-gone", 30 * DAY_MS);
    expect(await leaveAbsent(store, { ...PATIENCE, listeningMs: 3_599_000 })).toBe(0);
    expect(await leaveAbsent(store, { ...PATIENCE, listeningMs: 3_600_000 })).toBe(1);
  });

  it("counts from when it was revoked, so that it may be enrolled again", async () => {
    await revokeMachine(store, "m-gone", "a test");
    expect(await leaveAbsent(store, PATIENCE)).toBe(0);
    await store.db.execute(sql`update machine_identities set decided_at = now() - interval '8 days'`);
    expect(await leaveAbsent(store, PATIENCE)).toBe(1);
  });
});
