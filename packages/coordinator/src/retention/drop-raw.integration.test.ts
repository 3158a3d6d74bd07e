// Retention on a real Postgres: what is old enough loses its raw details, once, and nothing else changes.
import pg from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { dispatchTrials } from "../dispatch/dispatch-trials.ts";
import { recordResults } from "../intake/record-results.ts";
import { refreshPresets } from "../presets/refresh-presets.ts";
import { buildReport } from "../reports/build-report.ts";
import { openStore, type Store } from "../store/open-store.ts";
import { listPresets } from "../store/presets.ts";
import { presetKeyOf, resultsOfSweep } from "../store/results.ts";
import { madeResult, point } from "../testing/made-results.ts";
import { arrivedResult, storeSweep } from "../testing/made-sweep.ts";
import { openRealParts, type RealParts } from "../testing/real-parts.ts";
import { dropRaw } from "./drop-raw.ts";

let parts: RealParts;
let store: Store;
let client: pg.Client;
const DAY_MS = 86_400_000;
const RESULT = madeResult({ configuration: point({ numCtx: 1024 }), decode: [100, 101, 102] });

beforeAll(async () => {
  parts = await openRealParts();
  const url = await parts.newDatabase();
  store = await openStore(url, () => undefined);
  client = new pg.Client({ connectionString: url });
  await client.connect();
  await storeSweep(store, 2);
  await dispatchTrials(store, parts.bus, { machineIds: ["m-1"], leaseMs: 30_000 });
  await recordResults(store, [arrivedResult(RESULT).arrived]);
});
afterAll(async () => {
  await client.end();
  await store.close();
  await parts.close();
});

const presets = async () =>
  (await listPresets(store.db, { model: "", hardwareClass: "", purpose: "" })).map(
    ({ refreshedAt: _, ...preset }) => preset,
  );

it("what is younger stays whole; what is older loses its raw details once, and its presets stay the same", async () => {
  await refreshPresets(store, presetKeyOf(RESULT));
  const before = await presets();
  expect(before.length).toBeGreaterThan(0);
  expect(await dropRaw(store, DAY_MS)).toEqual({ results: 0, isMore: false });
  await client.query("update results set received_at = now() - interval '25 hours'");
  expect(await dropRaw(store, DAY_MS)).toEqual({ results: 1, isMore: false });
  expect(await dropRaw(store, DAY_MS)).toEqual({ results: 0, isMore: false });
  const [kept] = await resultsOfSweep(store.db, "s-1");
  expect(kept).toMatchObject({ rawDropped: true, trialId: RESULT.trialId });
  expect(kept?.samples.map(({ decodeTokensPerSecond }) => decodeTokensPerSecond)).toEqual([100, 101, 102]);
  expect((await client.query("select 1 from samples")).rowCount).toBe(0);
  await refreshPresets(store, presetKeyOf(RESULT));
  expect(await presets()).toEqual(before);
  const notes: string[] = [];
  for await (const part of buildReport(store, { sweepId: "s-1", leaseMs: 30_000 })) notes.push(...part.notes);
  expect(notes).toContainEqual(expect.stringMatching(/^Of 1 of 1 results only the figures/));
});
