// Loads, reloads, unloads, queues, slots and sizes of an honest script, seen over raw HTTP.
import { afterEach, describe, expect, it } from "vitest";
import type { Received } from "./raw-client.ts";
import { call, lastRecord, numberIn, uniquePrompt } from "./raw-client.ts";
import type { ScriptChange } from "./script.ts";
import { scriptedModel } from "./scripted-model.ts";
import type { ScriptedOllama } from "./server.ts";
import { startScriptedOllama } from "./server.ts";

const MODEL = "scripted:tiny";
const LOAD_MS = 200;
const running: ScriptedOllama[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.stop()));
});

async function start(change: ScriptChange = {}): Promise<ScriptedOllama> {
  const server = await startScriptedOllama({ loadSeconds: LOAD_MS / 1000, unloadSeconds: 0.04, ...change });
  running.push(server);
  return server;
}

function generate(server: ScriptedOllama, body: Record<string, unknown>): Promise<Received> {
  return call(`${server.url}/api/generate`, { body: { model: MODEL, raw: true, ...body } });
}

async function ps(server: ScriptedOllama): Promise<Record<string, unknown>[]> {
  return lastRecord(await call(`${server.url}/api/ps`)).models as Record<string, unknown>[];
}

/** Whether a one-token request with these settings had to load. */
async function loads(
  server: ScriptedOllama,
  options: Record<string, unknown>,
  rest: Record<string, unknown> = {},
) {
  const received = await generate(server, {
    prompt: "hello",
    ...rest,
    options: { num_predict: 1, ...options },
  });
  return numberIn(lastRecord(received), "load_duration") / 1e6 >= LOAD_MS * 0.9;
}

describe("loading", () => {
  it("loads for an empty prompt without metrics, and says so", async () => {
    const server = await start();
    const received = await generate(server, { prompt: "" });
    const { created_at: _created, ...rest } = lastRecord(received);
    expect(rest).toEqual({ model: MODEL, response: "", done: true, done_reason: "load" });
    expect(received.endMs - received.startMs).toBeGreaterThanOrEqual(LOAD_MS);
    expect(await ps(server)).toMatchObject([{ name: MODEL, context_length: 4096, size_vram: 0 }]);
  });

  it("reloads when a load-time option changes and only then", async () => {
    const server = await start();
    expect(await loads(server, { num_ctx: 1024 })).toBe(true);
    expect(await loads(server, { num_ctx: 1024, temperature: 0, seed: 3 })).toBe(false);
    expect(await loads(server, { num_ctx: 2048 })).toBe(true);
    expect(await loads(server, { num_ctx: 2048, num_batch: 256 })).toBe(true);
    expect(await loads(server, { num_ctx: 2048, num_batch: 256, num_thread: 1 })).toBe(true);
    expect(await loads(server, { num_ctx: 2048, num_batch: 256, num_thread: 1, num_gpu: 0 })).toBe(true);
  });

  it("does not reload when an explicit num_gpu is left out again", async () => {
    const server = await start();
    expect(await loads(server, { num_gpu: 0 })).toBe(true);
    expect(await loads(server, {})).toBe(false);
  });

  it("reloads for another shift only where shift is a launch option", async () => {
    const [older, newer] = [await start({ version: "0.24.0" }), await start({ version: "0.33.0" })];
    for (const server of [older, newer]) await loads(server, {}, { shift: true });
    expect(await loads(older, {}, { shift: false })).toBe(false);
    expect(await loads(newer, {}, { shift: false })).toBe(true);
  });

  it("shows the clamped context, but the requested one before 0.15.5", async () => {
    const models = [scriptedModel(MODEL, { architecture: { trainedContext: 2048 } })];
    for (const [version, shown] of [
      ["0.15.4", 8192],
      ["0.15.5", 2048],
    ] as const) {
      const server = await start({ version, models });
      await loads(server, { num_ctx: 8192 });
      expect(await ps(server)).toMatchObject([{ context_length: shown }]);
    }
  });

  it("chooses an unset context by VRAM from 0.15.5 on", async () => {
    const memory = { ramBytes: 2 ** 35, vramBytes: 24 * 2 ** 30 };
    for (const [version, shown] of [
      ["0.13.0", 4096],
      ["0.24.0", 32_768],
    ] as const) {
      const server = await start({ version, memory, gpuShare: 1 });
      await loads(server, {});
      expect(await ps(server)).toMatchObject([{ context_length: shown }]);
    }
  });

  it("grows with context, batch and slots, and shrinks with a quantised cache", async () => {
    const sizeOf = async (change: ScriptChange, options: Record<string, unknown>) => {
      const server = await start(change);
      await loads(server, options);
      return numberIn((await ps(server))[0] ?? {}, "size");
    };
    const base = await sizeOf({}, { num_ctx: 2048 });
    const kvBytesPerToken = 2 * 2 * 32 * 2 * 2;
    expect((await sizeOf({}, { num_ctx: 4096 })) - base).toBe(2048 * kvBytesPerToken);
    expect((await sizeOf({ server: { numParallel: 2 } }, { num_ctx: 2048 })) - base).toBe(
      2048 * kvBytesPerToken,
    );
    expect(await sizeOf({}, { num_ctx: 2048, num_batch: 1024 })).toBeGreaterThan(base);
    const quantised = { kvCacheType: "q8_0" } as const;
    expect(await sizeOf({ server: quantised }, { num_ctx: 2048 })).toBe(base);
    const saved =
      base - (await sizeOf({ server: { ...quantised, flashAttention: true } }, { num_ctx: 2048 }));
    expect(saved).toBeCloseTo(2048 * kvBytesPerToken * (1 - 34 / 64), -1);
  });

  it("places layers as num_gpu says", async () => {
    const server = await start({ gpuShare: 1 });
    await loads(server, { num_gpu: 1 });
    const [row] = await ps(server);
    expect(numberIn(row ?? {}, "size_vram")).toBe(Math.floor(numberIn(row ?? {}, "size") / 3));
  });
});

describe("what does not fit", () => {
  const small = { memory: { ramBytes: 4_000_000, vramBytes: 4_000_000 } };
  it.each([
    {
      version: "0.24.0",
      change: small,
      text: "model requires more system memory (0.0 GiB) than is available (0.0 GiB)",
    },
    {
      version: "0.33.0",
      change: small,
      text: "llama-server process has terminated: exit status 1: ggml_backend_cpu",
    },
    {
      version: "0.33.0",
      change: { server: { kvCacheType: "q8_0" } } as const,
      text: "V cache quantization requires flash_attn",
    },
  ])("fails with 500 in the words of $version", async ({ version, change, text }) => {
    const server = await start({ version, ...change });
    const received = await generate(server, { prompt: "", options: { num_ctx: 32_768 } });
    expect(received.status).toBe(500);
    expect(String(lastRecord(received).error)).toContain(text);
    expect(await ps(server)).toEqual([]);
  });
});

describe("unloading", () => {
  it("acknowledges at once and lets go later", async () => {
    const server = await start({ unloadSeconds: 0.4 });
    await generate(server, { prompt: "" });
    const received = await generate(server, { prompt: "", keep_alive: 0 });
    expect(lastRecord(received)).toMatchObject({ done: true, done_reason: "unload" });
    expect(received.endMs - received.startMs).toBeLessThan(LOAD_MS);
    expect(await ps(server)).toHaveLength(1);
    await expect.poll(() => ps(server), { timeout: 5000 }).toEqual([]);
  });

  it("happens by itself when the keep-alive is over", async () => {
    const server = await start();
    await generate(server, { prompt: "hello", keep_alive: "400ms", options: { num_predict: 1 } });
    expect(await ps(server)).toHaveLength(1);
    await expect.poll(() => ps(server), { timeout: 5000 }).toEqual([]);
  });

  it("does not happen with a negative keep-alive", async () => {
    const server = await start();
    await generate(server, { prompt: "hello", keep_alive: -1, options: { num_predict: 1 } });
    expect(Date.parse(String((await ps(server))[0]?.expires_at))).toBeGreaterThan(Date.now() + 1e12);
  });

  it("makes room when as many models are loaded as may be", async () => {
    const models = ["one:a", "two:b"].map((name, index) =>
      scriptedModel(name, { architecture: { blocks: index + 1 } }),
    );
    const server = await start({ models, server: { maxLoadedModels: 1 } });
    await generate(server, { model: "one:a", prompt: "" });
    await generate(server, { model: "two:b", prompt: "" });
    expect(await ps(server)).toMatchObject([{ name: "two:b" }]);
  });
});

describe("several requests at once", () => {
  const body = (nonce: string) => ({ prompt: uniquePrompt(40, nonce), options: { num_predict: 30 } });
  const queueMs = (received: Received) => {
    const last = lastRecord(received);
    const parts = ["load_duration", "prompt_eval_duration", "eval_duration"].map((key) =>
      numberIn(last, key),
    );
    return (numberIn(last, "total_duration") - parts.reduce((sum, part) => sum + part, 0)) / 1e6;
  };

  it("share the slots; one too many waits, and its wait is in the total only", async () => {
    const server = await start({ server: { numParallel: 2 } });
    await generate(server, { prompt: "" });
    const received = await Promise.all(
      ["alpha", "beta", "gamma"].map((nonce) => generate(server, body(nonce))),
    );
    const waits = received.map(queueMs).sort((a, b) => a - b);
    expect(waits[1], String(waits)).toBeLessThan(60);
    expect(waits[2], String(waits)).toBeGreaterThan(80);
    for (const one of received)
      expect(lastRecord(one)).toMatchObject({ eval_count: 30, prompt_eval_count: 41 });
  });

  it("are slower together than alone", async () => {
    const server = await start({ server: { numParallel: 2 } });
    const evalNs = (received: Received) => numberIn(lastRecord(received), "eval_duration");
    const [alone, together]: [number[], number[]] = [[], []];
    for (const turn of ["a", "b", "c"]) {
      alone.push(evalNs(await generate(server, body(`alone${turn}`))));
      const pair = [`left${turn}`, `right${turn}`].map((nonce) => generate(server, body(nonce)));
      together.push(...(await Promise.all(pair)).map(evalNs));
    }
    expect(Math.min(...together)).toBeGreaterThan(Math.min(...alone) * 1.15);
  });

  it("get 503 when too many wait for a load, but never when the model is loaded", async () => {
    const server = await start({ server: { maxQueue: 1 } });
    const first = generate(server, { prompt: "", options: { num_ctx: 1024 } });
    const rest = await Promise.all(
      [2048, 4096, 8192].map((num_ctx) => generate(server, { prompt: "", options: { num_ctx } })),
    );
    await first;
    const busy = rest.filter(({ status }) => status === 503);
    expect(busy.length).toBeGreaterThanOrEqual(1);
    expect(lastRecord(busy[0] ?? rest[0] ?? (await first)).error).toBe(
      "server busy, please try again.  maximum pending requests exceeded",
    );
    const loaded = numberIn((await ps(server))[0] ?? {}, "context_length");
    const calm = ["a", "b", "c", "d"].map((nonce) =>
      generate(server, { ...body(nonce), options: { num_ctx: loaded, num_predict: 2 } }),
    );
    expect((await Promise.all(calm)).map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  });
});
