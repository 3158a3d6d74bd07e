// Models that machines are asked to pull, on a real Postgres: who may be asked, what heartbeats carry, and how it ends.
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { HeartbeatSchema, ModelSchema } from "@ozone/proto/machine";
import { PullConsentSchema, type PullReportSchema } from "@ozone/proto/pull";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { newestActs } from "../store/acts.ts";
import { saveMachine } from "../store/machines.ts";
import type { Store } from "../store/open-store.ts";
import { listPulls } from "../store/pulls.ts";
import { madeAnnouncement } from "../testing/made-sweep.ts";
import { openRealParts, type RealParts } from "../testing/real-parts.ts";
import { acceptHeartbeat } from "./machines-online.ts";
import { cancelPull, startPull } from "./pull-models.ts";

let parts: RealParts;
let store: Store;
beforeAll(async () => {
  parts = await openRealParts();
});
afterAll(() => parts.close());

const model = (name: string, digest: string) => ({ name, digest, sizeBytes: 1n });
async function addMachine(
  id: string,
  consents: boolean,
  models: ReturnType<typeof model>[] = [],
): Promise<void> {
  const announcement = madeAnnouncement(id);
  for (const one of models) announcement.models.push(create(ModelSchema, one));
  if (consents) announcement.pullConsent = create(PullConsentSchema, { diskBytes: 40_000_000_000n });
  await saveMachine(store.db, announcement);
}
const ask = (machineId: string, name: string) => startPull(store, { machineId, model: name, who: "a test" });
const beat = async (machineId: string, ...pulls: MessageInitShape<typeof PullReportSchema>[]) =>
  (
    await acceptHeartbeat(store, {
      machineId,
      leaseMs: 30_000,
      message: create(HeartbeatSchema, { machineId, pulls }),
    })
  ).pulls.map(({ pullId, model: name, expectedDigest }) => [pullId, name, expectedDigest]);
const stateOf = async (id: string) => (await listPulls(store.db, [id], 1))[0];

beforeEach(async () => {
  store = await parts.newStore();
  await addMachine("m-open", true);
  await addMachine("m-closed", false, [model("qwen3:8b", "sha256:aaa")]);
});

describe("a machine that is asked to pull a model", () => {
  it("is told so with every heartbeat, with the digest that others have, until it says what came of it", async () => {
    const { id } = await ask("m-open", "qwen3:8b");
    expect(await beat("m-open")).toEqual([[id, "qwen3:8b", "sha256:aaa"]]);
    expect(await beat("m-closed")).toEqual([]);
    const half = { pullId: id, state: "pulling", completedBytes: 2n, totalBytes: 4n };
    expect(await beat("m-open", half)).toHaveLength(1);
    expect(await stateOf(id)).toMatchObject({ state: "pulling", completedBytes: 2, totalBytes: 4 });
    expect(await beat("m-open", { ...half, state: "pulled", digest: "sha256:aaa" })).toEqual([]);
    expect(await stateOf(id)).toMatchObject({ state: "pulled", digest: "sha256:aaa" });
    expect((await stateOf(id))?.endedAt).not.toBeNull();
    // Said again: it has ended.
    await beat("m-open", { ...half, state: "failed" });
    expect((await stateOf(id))?.state).toBe("pulled");
  });

  it("is asked once for one model, however often a person asks, and the audit log has it", async () => {
    // All connections are open before: else the first has ended when the second begins.
    await Promise.all(Array.from({ length: 8 }, () => store.ping()));
    const asked = await Promise.all(Array.from({ length: 8 }, () => ask("m-open", "qwen3:8b")));
    expect(new Set(asked.map(({ id }) => id)).size).toBe(1);
    expect((await newestActs(store.db, 5)).map(({ what, detail }) => `${what} ${detail}`)).toEqual([
      "asked for a model qwen3:8b",
    ]);
  });

  it("is one whose owner consented, without the model, and the model has a name", async () => {
    await expect(ask("m-closed", "llama3:8b")).rejects.toThrow(
      /owner of lab-m-closed has not consented.*OZONE_AGENT_PULL_DISK/,
    );
    await expect(ask("m-closed", "qwen3:8b")).rejects.toThrow(/lab-m-closed has qwen3:8b already/);
    await expect(ask("m-open", "../etc")).rejects.toThrow(/is no name of a model/);
    await expect(ask("m-nobody", "qwen3:8b")).rejects.toThrow(/There is no machine/);
  });

  it("is told no digest where others differ, and nothing any more once it is cancelled", async () => {
    await addMachine("m-other", false, [model("qwen3:8b", "sha256:bbb")]);
    const { id } = await ask("m-open", "qwen3:8b");
    expect(await beat("m-open")).toEqual([[id, "qwen3:8b", ""]]);
    expect((await cancelPull(store, id, "a test")).state).toBe("cancelled");
    expect((await cancelPull(store, id, "a test")).state).toBe("cancelled");
    expect(await beat("m-open")).toEqual([]);
  });

  it("can say nothing about the pulls of another", async () => {
    const { id } = await ask("m-open", "qwen3:8b");
    await beat("m-closed", { pullId: id, state: "pulled" });
    await beat("m-open", { pullId: id, state: "of a newer version" });
    expect((await stateOf(id))?.state).toBe("waiting");
  });
});
