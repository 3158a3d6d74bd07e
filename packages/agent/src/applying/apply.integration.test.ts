// `ozone-agent apply` and `rollback` as they are called, on real inference: the reference engine and its synthetic model.
import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { toJson } from "@bufbuild/protobuf";
import { type Preset, PresetSchema } from "@ozone/proto/preset";
import { hardwareClass } from "@ozone/shared/hardware-class";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { probeMachine } from "../machine/identify.ts";
import { newFolder, removeFolders } from "../measure/trial-material.ts";
import {
  MODEL,
  namesAt,
  presetFor,
  type RunningEngine,
  seenAt,
  startEngine,
  ttftGain,
} from "./preset-material.ts";

const agentScript = fileURLToPath(new URL("../../bin/ozone-agent.js", import.meta.url));
const dataDir = newFolder();
const NAME = `${MODEL}-ozone-fast_response`;
let engine: RunningEngine;
let preset: Preset;
let untouched: Record<string, string> = {};

beforeAll(async () => {
  const facts = await probeMachine();
  engine = await startEngine(newFolder());
  preset = presetFor(await seenAt(engine.url, MODEL), { hardwareClass: hardwareClass(facts) });
  untouched = await namesAt(engine.url);
});
afterAll(async () => {
  await engine.stop();
  removeFolders();
});

function agent(words: readonly string[], input = "") {
  const child = spawn(process.execPath, [agentScript, ...words, "--ollama-url", engine.url], {
    env: { ...process.env, OZONE_DATA_DIR: dataDir },
    stdio: ["pipe", "pipe", "pipe"],
  });
  child.stdin.end(input);
  const ended = (async () => {
    const [[code], stdout, stderr] = await Promise.all([
      once(child, "exit") as Promise<[number | null]>,
      text(child.stdout),
      text(child.stderr),
    ]);
    return { code, stderr, document: stdout === "" ? null : (JSON.parse(stdout) as Record<string, unknown>) };
  })();
  return { child, ended };
}

/** Waits for a line; a program that ends before fails with what it said. */
function lineWith(stream: Readable, words: string): Promise<void> {
  let seen = "";
  return new Promise((resolve, reject) => {
    stream.on("data", (chunk: Buffer) => {
      seen += chunk.toString("utf8");
      if (seen.includes(words)) resolve();
    });
    stream.once("end", () => reject(new Error(`It ended without saying ${JSON.stringify(words)}: ${seen}`)));
  });
}

const request = (change: Partial<Preset> = {}, more = {}): string =>
  JSON.stringify({ preset: toJson(PresetSchema, { ...preset, ...change }), quietWaitMs: 0, ...more });

describe("applying a preset", () => {
  it("keeps a promise that holds, and rolling back leaves nothing of it", async () => {
    const { code, document, stderr } = await agent(["apply"], request()).ended;
    expect([code, document?.outcome], stderr + JSON.stringify(document)).toEqual([0, "kept"]);
    expect(document).toMatchObject({
      name: NAME,
      baseName: MODEL,
      parameters: { num_ctx: 1024, num_batch: 256, num_thread: 1 },
      backupName: null,
      provenance: "synthetic",
    });
    const { refusedBecause } = (document?.samples ?? {}) as { refusedBecause: string[] };
    // A busy machine makes clocks disagree, and is named beside it; nothing else may be refused.
    expect(refusedBecause.filter((one) => !/^(clocks_agree|uncontended)/.test(one))).toEqual([]);
    expect(document?.measured).toContainEqual(
      expect.objectContaining({ metric: "ttft_ms", verdict: "better" }),
    );
    expect(await namesAt(engine.url)).toEqual({ ...untouched, [NAME]: document?.digest });
    const back = await agent(["rollback"]).ended;
    expect([back.code, back.document]).toEqual([0, { outcome: "rolled back", name: NAME, restored: null }]);
    expect(await namesAt(engine.url)).toEqual(untouched);
  });

  it("takes back what promises more than it gives, with both figures", async () => {
    const { code, document, stderr } = await agent(["apply"], request({ gains: [ttftGain(0.001)] })).ended;
    expect([code, document?.outcome], stderr + JSON.stringify(document)).toEqual([3, "rolled back"]);
    expect(String(document?.because)).toMatch(
      /promised 0\.00 times .*re-measured 0\.\d\d times \[.*was not there/,
    );
    expect(await namesAt(engine.url)).toEqual(untouched);
  });

  async function killedWhileMeasuring(): Promise<void> {
    const { child, ended } = agent(["apply"], request());
    await lineWith(child.stderr, "filling");
    child.kill("SIGKILL");
    await ended;
    expect(Object.keys(await namesAt(engine.url))).toHaveLength(Object.keys(untouched).length + 1);
  }
  const INTERRUPTED = `Applying ${NAME} was interrupted before it was measured; nothing was changed.`;

  it("leaves nothing when it is killed while it measures, once its command is called again", async () => {
    await killedWhileMeasuring();
    const { code, stderr, document } = await agent(["rollback"]).ended;
    expect([code, await namesAt(engine.url)]).toEqual([1, untouched]);
    expect(stderr).toContain(INTERRUPTED);
    expect(document).toMatchObject({ error: { code: "not_found" } });
  });

  it("leaves nothing when it is killed while it measures, once the machine's agent starts", async () => {
    await killedWhileMeasuring();
    const started = spawn(process.execPath, [agentScript, "start"], {
      env: {
        ...process.env,
        OZONE_DATA_DIR: dataDir,
        OZONE_NATS_URL: "nats://127.0.0.1:1",
        OLLAMA_HOST: engine.url,
      },
      stdio: ["ignore", "ignore", "pipe"],
    });
    await lineWith(started.stderr, INTERRUPTED);
    started.kill("SIGKILL");
    await once(started, "exit");
    expect(await namesAt(engine.url)).toEqual(untouched);
  });

  it("undoes what it began when it is asked to end", async () => {
    const { child, ended } = agent(["apply"], request());
    child.stderr.on("data", (chunk: Buffer) => {
      if (String(chunk).includes("filling")) child.kill("SIGTERM");
    });
    const { code, document } = await ended;
    expect([code, document]).toMatchObject([1, { error: { code: "cancelled" } }]);
    expect(await namesAt(engine.url)).toEqual(untouched);
  });

  it.each<[string, string, number, string]>([
    ["a preset of other hardware", "class", 1, "is for the hardware class other"],
    ["a request that is none", "none", 2, "could not be read"],
    ["a name that is none", "name", 2, "is no model name"],
  ])("refuses %s in one sentence", async (_title, kind, expected, words) => {
    const input = { class: request({ hardwareClass: "other" }), none: "{", name: request({}, { as: "a b" }) }[
      kind
    ];
    const { code, document } = await agent(["apply"], input).ended;
    expect(code).toBe(expected);
    expect(JSON.stringify(document)).toContain(words);
    expect(await namesAt(engine.url)).toEqual(untouched);
  });
});
