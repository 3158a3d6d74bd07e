// What goes wrong on purpose: killed runners and servers, clients that leave, memory that is not there.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type LoadFailed, startRunner } from "../src/serving/runner-process.ts";
import {
  buildEngine,
  type EngineProcess,
  isAlive,
  startEngineProcess,
  temporaryDataDir,
  until,
} from "./engine-process.ts";
import { ask, generateOnce, loadedModels, rawBody, send, smallModel, wordPrompt } from "./requests.ts";

const dataDir = temporaryDataDir();
const bin = fileURLToPath(new URL("../bin/ozone-engine.js", import.meta.url));
const running: EngineProcess[] = [];

beforeAll(() => buildEngine());
afterEach(async () => {
  for (const engine of running.splice(0)) await engine.stop();
});
afterAll(() => dataDir.remove());

async function start(environment: Readonly<Record<string, string>> = {}): Promise<EngineProcess> {
  const engine = await startEngineProcess(dataDir.path, environment);
  running.push(engine);
  return engine;
}

/** Long enough for every test here, and in silence: the context is never full, so nothing is logged. */
const endless = rawBody(wordPrompt(20, 1), { num_predict: -1, num_ctx: 32_768 });

/** Starts an endless generation and waits for its first token. */
async function streaming(engine: EngineProcess, signal?: AbortSignal): Promise<AsyncIterator<Uint8Array>> {
  const body = JSON.stringify(endless);
  const response = await fetch(`${engine.url}/api/generate`, {
    method: "POST",
    body,
    ...(signal && { signal }),
  });
  if (response.body === null) throw new Error("the answer has no body");
  const reader = response.body[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  await reader.next();
  return reader;
}

async function rest(reader: AsyncIterator<Uint8Array>): Promise<string> {
  let text = "";
  for (let part = await reader.next(); !part.done; part = await reader.next())
    text += Buffer.from(part.value).toString();
  return text;
}

describe("a runner killed in the middle of a stream", () => {
  it("ends the stream with an error line, and the next request works", async () => {
    const engine = await start();
    const reader = await streaming(engine);
    const [pid = 0] = engine.runnerPids();
    process.kill(pid, "SIGKILL");
    const lastLine = (await rest(reader)).trim().split("\n").at(-1) ?? "";
    expect(JSON.parse(lastLine)).toEqual({
      error: "an error was encountered while running the model: signal: killed",
    });
    expect((await generateOnce(engine.url, rawBody("house"))).eval_count).toBe(8);
  });
});

describe("a runner killed while it loads", () => {
  it("is a failed load in Ollama's words, and the next request works", async () => {
    const engine = await start();
    const loading = ask<{ error: string }>(engine.url, "/api/generate", rawBody("house"));
    await until("a runner is there", () => engine.runnerPids().length === 1);
    process.kill(engine.runnerPids()[0] ?? 0, "SIGKILL");
    expect(await loading).toEqual({
      status: 500,
      json: { error: "llama runner process has terminated: signal: killed" },
    });
    expect((await generateOnce(engine.url, rawBody("house"))).eval_count).toBe(8);
  });
});

describe("a killed server", () => {
  it("leaves no runner behind that was still loading", async () => {
    const engine = await start();
    const loading = ask(engine.url, "/api/generate", rawBody("house"));
    await until("a runner is there", () => engine.runnerPids().length === 1);
    const runners = engine.runnerPids();
    engine.child.kill("SIGKILL");
    await expect(loading).rejects.toThrow();
    await until("the runner has ended", () => !runners.some(isAlive));
  });

  it("leaves no runner behind that was generating", async () => {
    const engine = await start();
    await streaming(engine).then((reader) => reader.next());
    const runners = engine.runnerPids();
    expect(runners).toHaveLength(1);
    engine.child.kill("SIGKILL");
    await until("the runner has ended", () => !runners.some(isAlive));
  });
});

describe("a client that leaves", () => {
  it("in the middle of a stream ends its generation", async () => {
    const engine = await start();
    const gone = new AbortController();
    const reader = await streaming(engine, gone.signal);
    gone.abort();
    await expect(rest(reader)).rejects.toThrow();
    // The one slot is free again: otherwise this request would wait for the endless one.
    expect((await generateOnce(engine.url, rawBody("house"))).eval_count).toBe(8);
  });

  it("during a long prompt ends it between two batches", async () => {
    const engine = await start();
    const options = { num_ctx: 16_384, num_batch: 64, num_predict: 1 };
    await generateOnce(engine.url, rawBody("house", options));
    const whole = await generateOnce(engine.url, rawBody(wordPrompt(6000, 2), options));
    const gone = new AbortController();
    const body = JSON.stringify(rawBody(wordPrompt(16_000, 3), options));
    const request = fetch(`${engine.url}/api/generate`, { method: "POST", body, signal: gone.signal });
    setTimeout(() => gone.abort(), 200);
    await expect(request).rejects.toThrow();
    const next = await generateOnce(engine.url, rawBody(wordPrompt(10, 4), options));
    const waitedNs = next.total_duration - next.prompt_eval_duration;
    // 16000 tokens take several times as long as 6000; one batch of 64 takes a hundredth of it.
    expect(waitedNs).toBeLessThan(0.5 * whole.prompt_eval_duration);
  });

  it("while it waits for a slot is forgotten", async () => {
    const engine = await start();
    const first = await streaming(engine);
    const gone = new AbortController();
    const body = JSON.stringify(rawBody("house", { num_ctx: 32_768 }));
    const waiting = fetch(`${engine.url}/api/generate`, { method: "POST", body, signal: gone.signal });
    gone.abort();
    await expect(waiting).rejects.toThrow();
    await first.return?.();
    expect((await generateOnce(engine.url, rawBody("tree"))).eval_count).toBe(8);
  });
});

describe("server settings", () => {
  it("with two parallel slots serve two streams at once, each with the whole context", async () => {
    const engine = await start({ OLLAMA_NUM_PARALLEL: "2" });
    const endlessOne = await streaming(engine);
    const final = await generateOnce(engine.url, rawBody(wordPrompt(1500, 5), { num_ctx: 32_768 }));
    expect(final).toMatchObject({ prompt_eval_count: 1501, eval_count: 8 });
    expect((await loadedModels(engine.url))[0]).toMatchObject({
      context_length: 32_768,
      effective: { num_parallel: 2 },
    });
    await endlessOne.return?.();
  });

  it("use a quantised cache with flash attention, and f16 with a warning without", async () => {
    const sizes: number[] = [];
    for (const [type, flash, effective] of [
      ["q8_0", "1", "q8_0"],
      ["q4_0", "1", "q4_0"],
      ["q8_0", "0", "f16"],
    ] as const) {
      const engine = await start({ OLLAMA_KV_CACHE_TYPE: type, OLLAMA_FLASH_ATTENTION: flash });
      expect(
        (await generateOnce(engine.url, rawBody(wordPrompt(100, 6), { num_ctx: 8192 }))).eval_count,
      ).toBe(8);
      const [model] = await loadedModels(engine.url);
      expect(model?.effective).toMatchObject({ kv_cache_type: effective, flash_attention: flash === "1" });
      // llama.cpp's own word for it.
      expect(engine.log()).toContain(`K (${effective})`);
      expect(engine.log().includes("kv cache type not supported")).toBe(flash === "0");
      sizes.push(model?.size ?? 0);
      await engine.stop();
    }
    const [q8 = 0, q4 = 0] = sizes;
    // 8 Mi elements: half a byte less for each.
    expect(q8 - q4).toBe(8192 * 512 * 0.5);
  });

  it("bound the queue of requests that wait for a model", async () => {
    const engine = await start({ OLLAMA_MAX_QUEUE: "1" });
    const reader = await streaming(engine);
    const gone = new AbortController();
    const body = JSON.stringify({ ...rawBody("house"), model: "ozone-synthetic:30m", stream: false });
    const requests = [1, 2].map(() =>
      fetch(`${engine.url}/api/generate`, { method: "POST", body, signal: gone.signal }),
    );
    // One waits for the endless stream to end; only the one that finds the queue full is answered.
    const refused = await Promise.race(requests);
    expect({ status: refused.status, json: await refused.json() }).toEqual({
      status: 503,
      json: { error: "server busy, please try again.  maximum pending requests exceeded" },
    });
    gone.abort();
    const outcomes = await Promise.allSettled(requests);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    await reader.return?.();
  });
});

describe("a load that cannot work", () => {
  it("is refused in Ollama's words when memory would not suffice", async () => {
    const engine = await start({ OLLAMA_NUM_PARALLEL: "100000" });
    const body = { ...rawBody("house", { num_ctx: 131_072 }), model: "ozone-synthetic:30m" };
    const { status, json } = await ask<{ error: string }>(engine.url, "/api/generate", body);
    expect(status).toBe(500);
    expect(json.error).toMatch(
      /^model requires more system memory \(\d+\.\d GiB\) than is available \(\d+\.\d GiB\)$/,
    );
    expect(engine.runnerPids()).toEqual([]);
  });

  it("fails even if the runner ends with code 0 without a word", async () => {
    const script = join(dataDir.path, "silent.mjs");
    writeFileSync(script, "process.on('message', () => process.exit(0));\n");
    const load = { numCtx: 256, numBatch: 64, numThread: 1, numGpu: -1, mainGpu: 0, useMmap: false };
    const request = { modelPath: "x", load, parallel: 1, kvCacheType: "f16", flashAttention: true } as const;
    const signal = new AbortController().signal;
    const started = startRunner(request, { script, log: () => undefined, timeoutMs: 20_000, signal });
    await expect(started).rejects.toThrow("llama runner process has terminated: exit status 0");
    await expect(started).rejects.toMatchObject({ name: "LoadFailed" } satisfies Partial<LoadFailed>);
  });

  it("names what llama.cpp said about a damaged file, and the server lives on", async () => {
    const engine = await start();
    const weightless = {
      model: "broken",
      files: { "a.gguf": await uploadHeaderOnly(engine) },
      stream: false,
    };
    expect((await ask(engine.url, "/api/create", weightless)).status).toBe(200);
    const { status, json } = await ask<{ error: string }>(engine.url, "/api/generate", {
      ...rawBody("house"),
      model: "broken",
    });
    expect(status).toBe(500);
    expect(json.error).toMatch(/^llama runner process has terminated: /);
    expect((await generateOnce(engine.url, rawBody("house"))).eval_count).toBe(8);
  });
});

/** Uploads a file with a valid header whose weights are cut off. */
async function uploadHeaderOnly(engine: EngineProcess): Promise<string> {
  const path = join(dataDir.path, "whole.gguf");
  spawnSync(process.execPath, [bin, "model", "--out", path, "--preset", "4m"]);
  const bytes = readFileSync(path).subarray(0, 1_000_000);
  const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
  await fetch(`${engine.url}/api/blobs/${digest}`, { method: "POST", body: bytes });
  return digest;
}

describe("the process", () => {
  it("ends with 0 on SIGTERM while it generates, and its runner with it", async () => {
    const engine = await start();
    const reader = await streaming(engine);
    const runners = engine.runnerPids();
    expect(await engine.stop()).toBe(0);
    expect(runners.some(isAlive)).toBe(false);
    await expect(rest(reader)).rejects.toThrow();
  });

  it("says in one sentence that a port is taken, and ends with 1", async () => {
    const engine = await start();
    const port = new URL(engine.url).port;
    const second = spawnSync(process.execPath, [bin, "serve", "--port", port, "--data-dir", dataDir.path]);
    expect(second.status).toBe(1);
    expect(second.stderr.toString()).toContain(`ozone-engine: port ${port} on 127.0.0.1 is taken`);
    expect(second.stdout.toString()).toBe("");
  });

  it("ends with 2 for arguments that make no sense, and answers --help and --version with 0", () => {
    const run = (...args: string[]): { status: number | null; text: string } => {
      const { status, stdout, stderr } = spawnSync(process.execPath, [bin, ...args]);
      return { status, text: stdout.toString() + stderr.toString() };
    };
    expect(run("sing")).toMatchObject({ status: 2 });
    expect(run("--version")).toEqual({ status: 0, text: "0.1.0\n" });
    expect(run("--help").text).toContain("ozone-engine serve");
  });

  it("answers other requests while it generates", async () => {
    const engine = await start();
    const reader = await streaming(engine);
    expect((await send(engine.url, "/api/show", { model: smallModel })).status).toBe(200);
    await reader.return?.();
  });
});
