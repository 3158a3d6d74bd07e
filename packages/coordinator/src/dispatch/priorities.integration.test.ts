// Several sweeps for one machine, on a real Postgres and a real bus: which of them it serves first.
import { SweepPriority } from "@ozone/proto/sweep";
import { ensureWorkConsumer } from "@ozone/shared/bus";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { recordResults } from "../intake/record-results.ts";
import type { Store } from "../store/open-store.ts";
import { findSweep, occupiedMachines, targetsOfRunningSweeps } from "../store/sweeps.ts";
import { trialsOfSweep } from "../store/trials.ts";
import { madeResult } from "../testing/made-results.ts";
import { arrivedResult, storeSweep } from "../testing/made-sweep.ts";
import { openRealParts, type RealParts } from "../testing/real-parts.ts";
import { dispatchTrials } from "./dispatch-trials.ts";

const LEASE_MS = 30_000;
/** In the order in which they are asked for. */
const SWEEPS = [
  ["low", SweepPriority.LOW],
  ["normal", SweepPriority.UNSPECIFIED],
  ["high", SweepPriority.HIGH],
  ["later", SweepPriority.HIGH],
] as const;

let parts: RealParts;
let store: Store;
let machineId = "m-0";
let tests = 0;

beforeAll(async () => {
  parts = await openRealParts();
});
afterAll(() => parts.close());
beforeEach(async () => {
  tests += 1;
  machineId = `m-p${tests}`;
  store = await parts.newStore();
  await ensureWorkConsumer(parts.bus, machineId, LEASE_MS);
});

const dispatch = () => dispatchTrials(store, parts.bus, { machineIds: [machineId], leaseMs: LEASE_MS });

/** The sweep whose trial runs; its result is recorded then. */
async function serveOne(): Promise<string> {
  for (const [id] of SWEEPS) {
    const running = (await trialsOfSweep(store.db, id)).find(({ state }) => state === "running");
    if (!running) continue;
    const { id: trialId, attempt, configuration, purpose } = running;
    const result = madeResult({ trialId, attempt, machineId, configuration, purpose, decode: [50] });
    result.sweepId = id;
    await recordResults(store, [arrivedResult(result).arrived]);
    return id;
  }
  throw new Error("no trial runs");
}

describe("a machine that several sweeps have something for", () => {
  it("serves the highest first and among equals the oldest, and ends what it has begun", async () => {
    const served: string[] = [];
    for (const [id, priority] of SWEEPS) {
      await storeSweep(store, 2, machineId, id, { priority });
      // The first is begun while there is no other.
      if (id === "low") await dispatch();
    }
    for (let left = 2 * SWEEPS.length; left > 0; left -= 1) {
      served.push(await serveOne());
      await dispatch();
    }
    expect(served).toEqual(["low", "high", "high", "later", "later", "normal", "normal", "low"]);
  });

  it("is taken for a shared search by those that go before it only", async () => {
    for (const [id, priority] of SWEEPS) await storeSweep(store, 1, machineId, id, { priority });
    const order = (await targetsOfRunningSweeps(store.db)).map(({ target }) => target.sweepId);
    expect(order).toEqual(["high", "later", "normal", "low"]);
    const isTaken = async (id: string) => {
      const sweep = await findSweep(store.db, id);
      return sweep !== null && (await occupiedMachines(store.db, sweep, [machineId])).has(machineId);
    };
    expect(await isTaken("high")).toBe(false);
    for (const id of ["later", "normal", "low"]) expect(await isTaken(id), id).toBe(true);
  });
});
