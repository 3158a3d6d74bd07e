// Presets as they are listed: what changed on their machines since shows at once and is never stored.
import { clone } from "@bufbuild/protobuf";
import { AnnouncementSchema } from "@ozone/proto/machine";
import { configurationKey } from "@ozone/shared/configuration";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { choosePresets } from "../presets/choose-preset.ts";
import { madeDefault, madeResult } from "../testing/made-results.ts";
import { madeAnnouncement } from "../testing/made-sweep.ts";
import { openRealParts, type RealParts } from "../testing/real-parts.ts";
import { machinesById, saveMachine } from "./machines.ts";
import type { Store } from "./open-store.ts";
import { listPresets, peerPicks, replacePresets } from "./presets.ts";
import { presetKeyOf } from "./results.ts";

let parts: RealParts;
let store: Store;

beforeAll(async () => {
  parts = await openRealParts();
  store = await parts.newStore();
  await saveMachine(store.db, madeAnnouncement("m-1"));
  await replacePresets(store.db, presetKeyOf(madeResult()), choosePresets([madeResult()], [madeDefault()]));
});
afterAll(() => parts.close());

async function reasons(): Promise<string[]> {
  const found = await listPresets(store.db, { model: "", hardwareClass: "", purpose: "" });
  expect(found.length).toBeGreaterThan(0);
  return [...new Set(found.flatMap(({ staleBecause }) => staleBecause))];
}

describe("presets on a real Postgres", () => {
  it("become stale when their machine announces itself changed, and hold again when it changes back", async () => {
    expect(await reasons()).toEqual([]);
    const changed = clone(AnnouncementSchema, madeAnnouncement("m-1"));
    changed.hardwareClass = "other-class";
    changed.models = [];
    const at = new Date(Date.now() + 60_000).toISOString();
    const change = { what: "The nvidia driver changed from 550.1 to 560.2.", changedAt: at };
    changed.factsJson = JSON.stringify({ ...JSON.parse(changed.factsJson), changes: [change] });
    await saveMachine(store.db, changed);
    expect(await reasons()).toEqual([
      "m-1 is of the hardware class other-class now.",
      `m-1: ${change.what}`,
      "ozone-synthetic:4m is no longer installed on m-1.",
    ]);
    await saveMachine(store.db, madeAnnouncement("m-1"));
    expect(await reasons()).toEqual([]);
  });

  it("tell a machine of their class what they chose for a model, each configuration once, and no other machine", async () => {
    const [machine] = await machinesById(store.db, ["m-1"]);
    if (!machine) throw new Error("m-1 was not saved");
    expect((await peerPicks(store.db, machine, "sha256:abc")).map(configurationKey)).toEqual([
      configurationKey(madeDefault()),
    ]);
    expect(await peerPicks(store.db, machine, "sha256:other")).toEqual([]);
    const stranger = clone(AnnouncementSchema, machine.announcement);
    stranger.hardwareClass = "other-class";
    expect(await peerPicks(store.db, { ...machine, announcement: stranger }, "sha256:abc")).toEqual([]);
  });
});
