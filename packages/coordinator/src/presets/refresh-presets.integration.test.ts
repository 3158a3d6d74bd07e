// Presets follow their results, and the objectives in force; reports carry what is recommended.
import type { Report } from "@ozone/proto/report";
import { OBJECTIVES } from "@ozone/shared/objective";
import { readObjectives } from "@ozone/shared/objectives/read-objectives";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dispatchTrials } from "../dispatch/dispatch-trials.ts";
import { recordResults } from "../intake/record-results.ts";
import { buildReport } from "../reports/build-report.ts";
import type { Store } from "../store/open-store.ts";
import { listPresets, replacePresets } from "../store/presets.ts";
import { presetKeyOf } from "../store/results.ts";
import { madeResult, point } from "../testing/made-results.ts";
import { arrivedResult, storeSweep } from "../testing/made-sweep.ts";
import { openRealParts, type RealParts } from "../testing/real-parts.ts";
import { refreshPresets, staleKeys } from "./refresh-presets.ts";

let parts: RealParts;
let store: Store;
const RESULT = madeResult({ configuration: point({ numCtx: 1024 }) });
const KEY = presetKeyOf(RESULT);

beforeAll(async () => {
  parts = await openRealParts();
  store = await parts.newStore();
  await storeSweep(store, 2);
  await dispatchTrials(store, parts.bus, { machineIds: ["m-1"], leaseMs: 30_000 });
  await recordResults(store, [arrivedResult(RESULT).arrived]);
});
afterAll(() => parts.close());

const objectives = async () =>
  (await listPresets(store.db, { model: "", hardwareClass: "", purpose: "" })).map(
    ({ purpose, objective }) => [purpose, objective],
  );

describe("presets and the objectives in force, on a real Postgres", () => {
  it("are chosen again when the file of objectives has changed, once, and again when it is gone", async () => {
    await refreshPresets(store, KEY);
    expect(await staleKeys(store)).toEqual([]);
    const own = readObjectives({ objectives: { balanced: { maximise: "num_ctx" } } });
    expect(await staleKeys(store, own)).toMatchObject([KEY]);
    await refreshPresets(store, KEY, own);
    expect(await staleKeys(store, own)).toEqual([]);
    expect(await objectives()).toContainEqual(["balanced", "own objective: maximise num_ctx"]);
    expect(await staleKeys(store)).toMatchObject([KEY]);
    await refreshPresets(store, KEY);
    expect(await objectives()).toContainEqual(["balanced", OBJECTIVES[1]?.words]);
  });

  it("are chosen again where another version of Ozone chose them, though no result came since", async () => {
    await refreshPresets(store, KEY);
    const own = await listPresets(store.db, { model: "", hardwareClass: "", purpose: "" });
    await replacePresets(
      store.db,
      KEY,
      own.map((preset) => ({ ...preset, rules: 0 })),
    );
    expect(await staleKeys(store)).toMatchObject([KEY]);
    await refreshPresets(store, KEY);
    expect(await staleKeys(store)).toEqual([]);
  });

  it("stand in a report with the recommendation of every configuration that was tried", async () => {
    const reports: Report[] = [];
    for await (const part of buildReport(store, { sweepId: "s-1", leaseMs: 30_000 })) reports.push(part);
    const [measured] = reports.flatMap(({ configurations }) => configurations);
    expect(measured?.recommendation).toMatchObject({ verdict: "excluded" });
    expect(measured?.recommendation?.reason).toContain("the default was not measured");
  });
});
