// The engine tells the truth: its text is llama.cpp's, its counts are exact, its clocks agree with the client's.
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildEngine, type EngineProcess, startEngineProcess, temporaryDataDir } from "./engine-process.ts";
import { generateOnce, generateStream, rawBody, wordPrompt } from "./requests.ts";

const dataDir = temporaryDataDir();
let engine: EngineProcess;

beforeAll(async () => {
  buildEngine();
  engine = await startEngineProcess(dataDir.path);
});
afterAll(async () => {
  await engine.stop();
  dataDir.remove();
});

function modelFile(digestStart: string): string {
  const blobs = join(dataDir.path, "blobs");
  const file = readdirSync(blobs).find((name) => name.startsWith(`sha256-${digestStart}`));
  if (file === undefined) throw new Error(`no blob begins with ${digestStart}`);
  return join(blobs, file);
}

const smallDigest = "044b2336";
const largeDigest = "54c74cd7";

interface DirectRun {
  readonly promptTokens: number;
  readonly pieces: readonly string[];
}

async function directGreedy(file: string, tokens: number, prompt: string): Promise<DirectRun> {
  const script = fileURLToPath(new URL("./direct-greedy.mjs", import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [
    script,
    file,
    "2048",
    String(tokens),
    prompt,
  ]);
  return JSON.parse(stdout) as DirectRun;
}

describe("the generated text", () => {
  it.each([
    ["ozone-synthetic:4m", smallDigest, 40, 200],
    ["ozone-synthetic:4m", smallDigest, 1300, 100],
    ["ozone-synthetic:30m", largeDigest, 700, 48],
  ])("of %s is token for token that of a direct run (%#)", async (model, digest, promptWords, count) => {
    const prompt = wordPrompt(promptWords, promptWords);
    const direct = await directGreedy(modelFile(digest), count, prompt);
    const body = { ...rawBody(prompt, { num_predict: count, num_thread: 1 }), model };
    const messages = await generateStream(engine.url, body);
    const last = messages.pop();
    expect(messages.map(({ response }) => response)).toEqual(direct.pieces);
    expect(last).toMatchObject({ done: true, eval_count: count, prompt_eval_count: direct.promptTokens });
  });

  it("never ends early and never repeats one word, whatever single word the prompt is", async () => {
    for (let seed = 1; seed <= 40; seed += 1) {
      const body = rawBody(wordPrompt(1, seed), { num_predict: 64 });
      const messages = await generateStream(engine.url, body);
      const last = messages.pop();
      expect(last).toMatchObject({ done_reason: "length", eval_count: 64 });
      expect(messages).toHaveLength(64);
      const repeats = messages.filter(({ response }, at) => response === messages[at - 1]?.response);
      expect(repeats.length).toBeLessThan(3);
    }
  });

  it("is the same for the same seed and differs between seeds at temperature 1", async () => {
    const text = async (seed: number): Promise<string> => {
      const options = { temperature: 1, top_k: 0, top_p: 1, seed, num_predict: 24 };
      return (await generateOnce(engine.url, rawBody("the same prompt", options))).response;
    };
    expect(await text(1)).toBe(await text(1));
    expect(await text(1)).not.toBe(await text(2));
  });

  it("follows the repeat penalty", async () => {
    const body = (penalty: number): Record<string, unknown> =>
      rawBody(wordPrompt(30, 9), { num_predict: 200, repeat_penalty: penalty, repeat_last_n: 256 });
    const distinct = async (penalty: number): Promise<number> =>
      new Set((await generateOnce(engine.url, body(penalty))).response.trim().split(" ")).size;
    expect(await distinct(5)).toBeGreaterThan(await distinct(1));
  });
});

describe("the counts", () => {
  it("say n words plus one token for the beginning", async () => {
    for (const count of [1, 7, 200, 1900]) {
      const final = await generateOnce(engine.url, rawBody(wordPrompt(count, 100 + count)));
      expect(final.prompt_eval_count).toBe(count + 1);
      expect(final.eval_count).toBe(8);
    }
  });

  it("include cached tokens and say how many they were", async () => {
    const prompt = wordPrompt(300, 77);
    const first = await generateOnce(engine.url, rawBody(prompt));
    const second = await generateOnce(engine.url, rawBody(prompt));
    const longer = await generateOnce(engine.url, rawBody(`${prompt} and so on`));
    expect(first).toMatchObject({ prompt_eval_count: 301, prompt_eval_cached_count: 1 });
    expect(second).toMatchObject({ prompt_eval_count: 301, prompt_eval_cached_count: 300 });
    expect(longer).toMatchObject({ prompt_eval_count: 304, prompt_eval_cached_count: 301 });
    expect(second.prompt_eval_duration).toBeLessThan(first.prompt_eval_duration);
    expect(second.response).toBe(first.response);
  });
});

describe("the clocks", () => {
  it("agree with the client's: parts add up to less than the total, the total to less than the client's time", async () => {
    const startedMs = performance.now();
    const final = await generateOnce(engine.url, rawBody(wordPrompt(1000, 5), { num_predict: 100 }));
    const clientNs = (performance.now() - startedMs) * 1e6;
    const parts = final.load_duration + final.prompt_eval_duration + final.eval_duration;
    expect(parts).toBeLessThanOrEqual(final.total_duration);
    expect(final.total_duration).toBeLessThanOrEqual(clientNs);
    expect(parts).toBeGreaterThan(0.7 * final.total_duration);
    for (const value of [final.load_duration, final.prompt_eval_duration, final.eval_duration]) {
      expect(Number.isInteger(value)).toBe(true);
      expect(value).toBeGreaterThan(0);
    }
  });

  it("leave out the duration of zero steps, as Ollama does", async () => {
    const final = await generateOnce(engine.url, rawBody(wordPrompt(5, 6), { num_predict: 1 }));
    expect(final.eval_count).toBe(1);
    expect(final).not.toHaveProperty("eval_duration");
  });

  it("hand each token out as it is made", async () => {
    const response = await fetch(`${engine.url}/api/generate`, {
      method: "POST",
      body: JSON.stringify(rawBody(wordPrompt(50, 8), { num_predict: 300 })),
    });
    const arrivalsMs: number[] = [];
    let last = "";
    for await (const chunk of response.body ?? []) {
      arrivalsMs.push(performance.now());
      last = Buffer.from(chunk).toString();
    }
    const evalMs =
      (JSON.parse(last.trim().split("\n").at(-1) ?? "") as { eval_duration: number }).eval_duration / 1e6;
    const spreadMs = (arrivalsMs.at(-1) ?? 0) - (arrivalsMs[0] ?? 0);
    expect(arrivalsMs.length).toBeGreaterThan(100);
    expect(spreadMs).toBeGreaterThan(0.7 * evalMs);
  });

  it.each([
    ["ozone-synthetic:4m", 1024, 8192],
    ["ozone-synthetic:30m", 512, 4096],
  ])("show that %s decodes slower deep in the context", async (model, shallow, deep) => {
    const bestRate = async (depth: number): Promise<number> => {
      const body = { ...rawBody(wordPrompt(depth, depth), { num_ctx: deep + 256, num_predict: 24 }), model };
      const rates: number[] = [];
      // The prompt is computed once; the repetitions find it in the cache.
      for (let repetition = 0; repetition < 4; repetition += 1) {
        const final = await generateOnce(engine.url, body);
        rates.push((final.eval_count - 1) / final.eval_duration);
      }
      return Math.max(...rates);
    };
    const shallowRate = await bestRate(shallow);
    expect(await bestRate(deep)).toBeLessThan(0.85 * shallowRate);
  });
});

describe("the model files of a server", () => {
  it("have the digests of their contents", () => {
    for (const digest of [smallDigest, largeDigest]) {
      const file = modelFile(digest);
      const actual = createHash("sha256").update(readFileSync(file)).digest("hex");
      expect(file.endsWith(actual)).toBe(true);
    }
  });
});
