// An honest script behaves as Ollama does: counts, clocks, contexts, caches, loads and unloads, seen over raw HTTP.
import { afterEach, describe, expect, it } from "vitest";
import { flatPace } from "./pace.ts";
import type { Received } from "./raw-client.ts";
import { call, lastRecord, numberIn, textLines, uniquePrompt } from "./raw-client.ts";
import type { ScriptChange } from "./script.ts";
import type { ScriptedOllama } from "./server.ts";
import { startScriptedOllama } from "./server.ts";

const MODEL = "scripted:tiny";
const running: ScriptedOllama[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.stop()));
});

async function start(change: ScriptChange = {}): Promise<ScriptedOllama> {
  const server = await startScriptedOllama({ loadSeconds: 0.05, unloadSeconds: 0.02, ...change });
  running.push(server);
  return server;
}

function generate(server: ScriptedOllama, body: Record<string, unknown>): Promise<Received> {
  return call(`${server.url}/api/generate`, { body: { model: MODEL, raw: true, ...body } });
}

describe("an honest answer", () => {
  it("counts one token per word and one BOS, and sends one chunk per generated token", async () => {
    const server = await start();
    const received = await generate(server, {
      prompt: uniquePrompt(100, "alpha"),
      options: { num_predict: 20, num_ctx: 512 },
    });
    const last = lastRecord(received);
    expect(received.headers.get("content-type")).toBe("application/x-ndjson");
    expect(last).toMatchObject({
      done: true,
      done_reason: "length",
      prompt_eval_count: 101,
      eval_count: 20,
      response: "",
    });
    expect(textLines(received)).toHaveLength(20);
    expect(last).not.toHaveProperty("context");
    expect(last).not.toHaveProperty("prompt_eval_cached_count");
  });

  it("reports durations in whole nanoseconds that agree with the client's clock", async () => {
    const server = await start({
      pace: flatPace({ prefillTokensPerSecond: 10_000, decodeTokensPerSecond: 400 }),
    });
    const differences: { ttft: number; span: number; total: number; rate: number }[] = [];
    for (let turn = 0; turn < 7; turn += 1) {
      const received = await generate(server, {
        prompt: uniquePrompt(500, `turn${"abcdefg"[turn]}`),
        options: { num_predict: 32, num_ctx: 1024 },
      });
      const last = lastRecord(received);
      const [texts, ms] = [textLines(received), (key: string) => numberIn(last, key) / 1e6];
      for (const key of ["total_duration", "load_duration", "prompt_eval_duration", "eval_duration"]) {
        expect(Number.isInteger(last[key])).toBe(true);
      }
      const firstMs = (texts[0]?.atMs ?? 0) - received.startMs;
      const spanMs = (texts.at(-1)?.atMs ?? 0) - (texts[0]?.atMs ?? 0);
      differences.push({
        ttft: firstMs - ms("load_duration") - ms("prompt_eval_duration"),
        span: Math.abs(spanMs - ms("eval_duration")),
        total: received.endMs - received.startMs - ms("total_duration"),
        rate: (31 / ms("eval_duration")) * 1000,
      });
    }
    // A busy machine delays single samples; a wrong clock would show in the best one too. The client's own share (sending the
    // prompt, waking up, reading headers) lies in the first and the last difference.
    const seen = JSON.stringify(differences);
    const best = (pick: (one: (typeof differences)[number]) => number) => Math.min(...differences.map(pick));
    expect(
      best(({ ttft }) => ttft),
      seen,
    ).toBeGreaterThan(0);
    expect(
      best(({ ttft }) => ttft),
      seen,
    ).toBeLessThan(6);
    expect(
      best(({ span }) => span),
      seen,
    ).toBeLessThan(1);
    expect(
      best(({ total }) => total),
      seen,
    ).toBeGreaterThan(0);
    expect(
      best(({ total }) => total),
      seen,
    ).toBeLessThan(5);
    expect(-best(({ rate }) => -rate), seen).toBeGreaterThan(390);
    expect(-best(({ rate }) => -rate), seen).toBeLessThanOrEqual(400.1);
  });

  it("leaves eval_duration out when only one token was generated, because zero is a missing key", async () => {
    const last = lastRecord(
      await generate(await start(), { prompt: "one two three", options: { num_predict: 1 } }),
    );
    expect(last).toMatchObject({ eval_count: 1, prompt_eval_count: 4 });
    expect(last).not.toHaveProperty("eval_duration");
  });

  it("answers a request that does not stream with one JSON object that holds all the text", async () => {
    const received = await generate(await start(), {
      prompt: "hello there",
      stream: false,
      options: { num_predict: 5 },
    });
    expect(received.headers.get("content-type")).toBe("application/json; charset=utf-8");
    expect(received.lines).toHaveLength(1);
    expect(String(lastRecord(received).response).trim().split(" ")).toHaveLength(5);
  });

  it("applies a template and returns the context when the prompt is not raw", async () => {
    const last = lastRecord(
      await generate(await start(), { raw: false, prompt: "hello there", options: { num_predict: 3 } }),
    );
    expect(last.prompt_eval_count).toBe(5);
    expect(last.context).toHaveLength(8);
  });

  it("speaks chat with message records and drops the oldest messages when they don't fit", async () => {
    const server = await start();
    const messages = [
      { role: "user", content: uniquePrompt(60, "old") },
      { role: "assistant", content: "yes" },
      { role: "user", content: "and now" },
    ];
    const body = { model: MODEL, messages, options: { num_predict: 2, num_ctx: 32 } };
    const received = await call(`${server.url}/api/chat`, { body });
    expect(received.lines[0]?.record?.message).toMatchObject({ role: "assistant" });
    expect(lastRecord(received)).toMatchObject({ done: true, prompt_eval_count: 1 + 2 + 4 });
  });

  it("ends with stop when the model ends by itself", async () => {
    const server = await start({ stopAfterTokens: 4 });
    const last = lastRecord(await generate(server, { prompt: "hello", options: { num_predict: 20 } }));
    expect(last).toMatchObject({ done_reason: "stop", eval_count: 4 });
  });

  it("gives words of the bad list two tokens", async () => {
    const server = await start({ badWords: ["stone"] });
    const last = lastRecord(
      await generate(server, { prompt: "river stone river", options: { num_predict: 1 } }),
    );
    expect(last.prompt_eval_count).toBe(5);
  });
});

describe("a prompt that is too long", () => {
  const prompt = uniquePrompt(99, "alpha");
  const cases = [
    { version: "0.12.5", request: { truncate: false }, status: 200, count: 64 },
    { version: "0.24.0", request: {}, status: 200, count: 64 },
    {
      version: "0.24.0",
      request: { truncate: false },
      status: 400,
      text: "the input length exceeds the context length",
    },
    { version: "0.30.0", request: {}, status: 200, count: 63 },
    {
      version: "0.30.9",
      request: { shift: false },
      status: 400,
      text: "the prompt is longer than the context length",
    },
    { version: "0.33.0", request: {}, status: 200, count: 64 - Math.floor((64 - 5) / 2) },
    {
      version: "0.33.0",
      request: { shift: false },
      status: 400,
      text: "the prompt is longer than the context length",
    },
    {
      version: "0.33.0",
      request: { truncate: false },
      status: 400,
      text: "exceeds the available context size",
    },
  ];
  it.each(cases)(
    "is treated as $version treats it with $request",
    async ({ version, request, status, count, text }) => {
      const server = await start({ version });
      const received = await generate(server, {
        prompt,
        ...request,
        options: { num_ctx: 64, num_predict: 2 },
      });
      expect(received.status).toBe(status);
      if (count !== undefined) expect(lastRecord(received).prompt_eval_count).toBe(count);
      if (text !== undefined) expect(String(lastRecord(received).error)).toContain(text);
    },
  );

  it("without shift generation ends at the context with length, and an unlimited num_predict goes no further", async () => {
    for (const [version, room] of [
      ["0.24.0", 33],
      ["0.33.0", 32],
    ] as const) {
      const server = await start({ version });
      const received = await generate(server, {
        prompt: uniquePrompt(31, "alpha"),
        shift: false,
        truncate: false,
        options: { num_ctx: 64, num_predict: 0 },
      });
      expect(lastRecord(received)).toMatchObject({ done_reason: "length", eval_count: room });
    }
  });
});

describe("the prefix cache", () => {
  const CACHED_MS = 90;
  const options = { num_predict: 2, num_ctx: 2048 };
  const promptMs = (received: Received) => numberIn(lastRecord(received), "prompt_eval_duration") / 1e6;

  async function twice(change: ScriptChange, between?: string) {
    // Uncached, 600 tokens take at least 108 ms at this scale; the limit between the two leaves room for a busy machine.
    const server = await start({ timeScale: 3, ...change });
    const [prompt, shift] = [uniquePrompt(600, "alpha"), false];
    const first = await generate(server, { prompt, shift, options });
    if (between !== undefined) await generate(server, { prompt: uniquePrompt(600, between), shift, options });
    return { first, second: await generate(server, { prompt, shift, options }) };
  }

  it("counts cached tokens but not their time", async () => {
    const { first, second } = await twice({ version: "0.24.0" });
    expect(lastRecord(second).prompt_eval_count).toBe(601);
    expect(promptMs(second)).toBeLessThan(CACHED_MS);
    expect(promptMs(first)).toBeGreaterThan(CACHED_MS);
  });

  it("leaves cached tokens out of the count in 0.30.0 only, and there needs shift", async () => {
    const server = await start({ version: "0.30.0" });
    const body = { prompt: uniquePrompt(600, "alpha"), shift: true, options };
    await generate(server, body);
    expect(lastRecord(await generate(server, body)).prompt_eval_count).toBe(1);
    const { second } = await twice({ version: "0.30.7" });
    expect(promptMs(second)).toBeGreaterThan(CACHED_MS);
  });

  it("names the cached tokens from the release on that has the field", async () => {
    const { first, second } = await twice({ version: "0.34.0" });
    expect(lastRecord(first).prompt_eval_cached_count).toBe(0);
    expect(lastRecord(second).prompt_eval_cached_count).toBe(600);
  });

  it("finds an older prompt again only where there is a host cache", async () => {
    const older = await twice({ version: "0.24.0" }, "beta");
    expect(promptMs(older.second)).toBeGreaterThan(CACHED_MS);
    const newer = await twice({ version: "0.33.0" }, "beta");
    expect(promptMs(newer.second)).toBeLessThan(CACHED_MS);
    const off = await twice({ version: "0.33.0", server: { hostPromptCache: false } }, "beta");
    expect(promptMs(off.second)).toBeGreaterThan(CACHED_MS);
  });

  it("is defeated by a unique beginning", async () => {
    const server = await start({ version: "0.34.0" });
    await generate(server, { prompt: uniquePrompt(600, "alpha"), options });
    const second = lastRecord(await generate(server, { prompt: uniquePrompt(600, "beta"), options }));
    expect(second.prompt_eval_cached_count).toBe(1);
  });
});

describe("clients that leave", () => {
  async function leaveDuringPrefill(version: string) {
    const server = await start({ version, timeScale: 4 });
    await generate(server, { prompt: "", options: { num_ctx: 4096, num_batch: 256 } });
    const leaving = new AbortController();
    const body = {
      model: MODEL,
      raw: true,
      prompt: uniquePrompt(3000, "alpha"),
      options: { num_ctx: 4096, num_batch: 256 },
    };
    const gone = call(`${server.url}/api/generate`, { body, signal: leaving.signal }).catch(() => "left");
    await expect.poll(() => server.requests.filter(({ body }) => body !== undefined).length).toBe(2);
    leaving.abort();
    expect(await gone).toBe("left");
    const probe = await generate(server, {
      prompt: "probe",
      options: { num_ctx: 4096, num_batch: 256, num_predict: 1 },
    });
    return probe.endMs - probe.startMs;
  }

  it("stop the prefill in newer releases, but keep the slot busy until its end in older ones", async () => {
    expect(await leaveDuringPrefill("0.33.0")).toBeLessThan(450);
    expect(await leaveDuringPrefill("0.24.0")).toBeGreaterThan(550);
  });
});
