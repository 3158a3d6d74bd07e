// Models pulled for Ozone, on a scripted Ollama: consent, a budget of disk, a mirror, and what is never touched.
import { create } from "@bufbuild/protobuf";
import { type PullOrder, PullOrderSchema } from "@ozone/proto/pull";
import {
  type ScriptChange,
  type ScriptedOllama,
  scriptedModel,
  startScriptedOllama,
} from "@ozone/simulator/scripted-ollama";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { newFolder, removeFolders } from "../../packages/agent/src/measure/trial-material.ts";
import { EngineClient } from "../../packages/agent/src/ollama/engine-client.ts";
import { PullDesk } from "../../packages/agent/src/pulling/pull-desk.ts";
import { pullModel } from "../../packages/agent/src/pulling/pull-model.ts";
import { PulledModels } from "../../packages/agent/src/pulling/pulled-models.ts";
import { waitFor } from "../setup/wait-for.ts";

const sized = (name: string, blocks: number) => scriptedModel(name, { architecture: { blocks } });
const [SMALL, MEDIUM, LARGE] = [sized("small:1b", 1), sized("medium:2b", 2), sized("large:9b", 30)];
const THEIRS = sized("theirs:7b", 3);

let ollama: ScriptedOllama;
let desk: PullDesk;
const lines: string[] = [];
let whyNot: string | null = null;

/** A machine whose owner consented to so many bytes. */
async function machine(change: ScriptChange, { diskBytes = 1e12, mirror = null as string | null } = {}) {
  ollama = await startScriptedOllama({ models: [THEIRS], registry: [SMALL, MEDIUM, LARGE], ...change });
  const engine = new EngineClient(ollama.url);
  const pulled = await PulledModels.open(newFolder(), (problem) => lines.push(problem));
  const rule = { diskBytes, mirror, insecure: mirror !== null };
  const log = (line: string) => void lines.push(line);
  desk = new PullDesk({
    pull: (order, { signal, onProgress }) =>
      pullModel(order, { engine, rule, pulled, signal, onProgress, log }),
    whyNot: () => whyNot,
    ...{ onActivity: () => undefined, onDone: () => undefined, log },
  });
  return { pulled };
}
afterEach(async () => {
  whyNot = null;
  lines.length = 0;
  await desk.close();
  await ollama.stop();
});
afterAll(removeFolders);

const order = (model: string, expectedDigest = ""): PullOrder =>
  create(PullOrderSchema, { pullId: `p-${model}`, model, expectedDigest });
const installed = async (): Promise<string[]> =>
  ((await (await fetch(`${ollama.url}/api/tags`)).json()) as { models: { name: string }[] }).models
    .map(({ name }) => name)
    .sort();
function beat(...orders: PullOrder[]) {
  desk.hear(orders);
  return desk.reports();
}
/** As heartbeats do: the orders are said again and again. */
const ended = (...orders: PullOrder[]) =>
  waitFor("the end of all pulls", () => beat(...orders), {
    until: (reports) => reports.every(({ state }) => state === "pulled" || state === "failed"),
    limitMs: 10_000,
  });

describe("a pull", () => {
  it("brings the model, says how far it is, and is written down with its digest", async () => {
    const { pulled } = await machine({ pullBytesPerSecond: MEDIUM.size * 4 });
    desk.hear([order("medium:2b")]);
    const half = await waitFor("some progress", () => desk.reports()[0], {
      until: (report) => (report?.completedBytes ?? 0n) > 0n && report?.state === "pulling",
    });
    expect(half?.totalBytes).toBe(BigInt(MEDIUM.size));
    const [report] = await ended(order("medium:2b"));
    expect(report).toMatchObject({ state: "pulled", digest: MEDIUM.digest });
    expect(pulled.models).toMatchObject([{ model: "medium:2b", digest: MEDIUM.digest }]);
  });

  it("comes from the lab's mirror under the model's own name", async () => {
    const atMirror = { ...SMALL, name: "registry.lab:5000/library/small:1b" };
    await machine({ registry: [atMirror] }, { mirror: "registry.lab:5000" });
    expect(await ended(order("small:1b"))).toMatchObject([{ state: "pulled", digest: SMALL.digest }]);
    expect(await installed()).toEqual(["small:1b", "theirs:7b"]);
    const asked = ollama.requests.find(({ path }) => path === "/api/pull");
    expect(asked?.body).toMatchObject({ name: atMirror.name, insecure: true });
  });

  it("fails with the server's words for what the registry does not have", async () => {
    await machine({});
    const [report] = await ended(order("nowhere:1b"));
    expect(report?.state).toBe("failed");
    expect(report?.problem).toMatch(/pull model manifest: file does not exist/);
  });

  it("is not made of a model that is there: its owner's stays what it is", async () => {
    const { pulled } = await machine({ registry: [{ ...THEIRS, digest: "f".repeat(64) }] });
    expect(await ended(order("theirs:7b"))).toMatchObject([{ state: "pulled", digest: THEIRS.digest }]);
    expect(ollama.requests.filter(({ path }) => path === "/api/pull")).toEqual([]);
    expect(pulled.models).toEqual([]);
  });

  it("that brought another model than the others have under this name takes it away again", async () => {
    const { pulled } = await machine({});
    const [report] = await ended(order("small:1b", "a".repeat(64)));
    expect(report?.problem).toMatch(/small:1b is [0-9a-f]{12} here and a{12} on other machines/);
    expect(await installed()).toEqual(["theirs:7b"]);
    expect(pulled.models).toEqual([]);
  });
});

describe("the disk", () => {
  it("is given back by the models that Ozone pulled, never by others", async () => {
    const { pulled } = await machine({}, { diskBytes: SMALL.size + MEDIUM.size });
    await ended(order("small:1b"));
    await ended(order("medium:2b"));
    await pulled.used("small:1b", Date.now() + 1_000);
    ollama.set({ registry: [sized("other:2b", 2)] });
    await ended(order("other:2b"));
    expect(await installed()).toEqual(["other:2b", "small:1b", "theirs:7b"]);
    expect(lines.join()).toContain(
      "medium:2b, which Ozone had pulled, was removed to make room for other:2b",
    );
  });

  it("is not taken from an owner who pulled the same name anew", async () => {
    const { pulled } = await machine({}, { diskBytes: SMALL.size + MEDIUM.size });
    await ended(order("medium:2b"));
    ollama.set({ models: [THEIRS, { ...MEDIUM, digest: "e".repeat(64) }] });
    await ended(order("small:1b"));
    ollama.set({ registry: [sized("other:2b", 2)] });
    expect(await ended(order("other:2b"))).toMatchObject([{ state: "pulled" }]);
    expect(await installed()).toEqual(["medium:2b", "other:2b", "small:1b", "theirs:7b"]);
    expect(pulled.models.map(({ model }) => model)).toEqual(["small:1b", "other:2b"]);
  });

  it("does not suffice for a model that is larger: nothing is removed for it, and the sentence says by how much", async () => {
    await machine({}, { diskBytes: SMALL.size + MEDIUM.size });
    await ended(order("small:1b"));
    const [report] = await ended(order("large:9b"));
    expect(report?.problem).toMatch(/large:9b needs at least .* lets Ozone use .* are taken/);
    expect(await installed()).toEqual(["small:1b", "theirs:7b"]);
  });
});

describe("somebody who comes back during a pull", () => {
  it("stops it; it is gone on with where it was when they have left", async () => {
    await machine({ pullBytesPerSecond: MEDIUM.size });
    desk.hear([order("medium:2b")]);
    await waitFor("some progress", () => desk.reports()[0], {
      until: (report) => Number(report?.completedBytes ?? 0n) > MEDIUM.size / 5,
    });
    whyNot = "in use";
    desk.interrupt();
    await waitFor("the stop", () => beat(order("medium:2b"))[0], {
      until: (report) => report?.state === "waiting" && report.problem === "in use",
      limitMs: 2_000,
    });
    whyNot = null;
    ollama.set({ pullBytesPerSecond: 1e12 });
    expect(await ended(order("medium:2b"))).toMatchObject([{ state: "pulled" }]);
    expect(ollama.requests.filter(({ path }) => path === "/api/pull")).toHaveLength(2);
  });

  it("is not the only one who may stop it: an order that is no longer given is not carried out", async () => {
    await machine({ pullBytesPerSecond: MEDIUM.size });
    desk.hear([order("medium:2b")]);
    await waitFor("a beginning", () => desk.reports()[0]?.state, { until: (state) => state === "pulling" });
    desk.hear([]);
    expect(desk.reports()).toEqual([]);
    await desk.close();
    expect(await installed()).toEqual(["theirs:7b"]);
  });
});
