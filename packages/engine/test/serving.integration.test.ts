// The API as Ollama's own client and plain requests see it: loading, options, limits, errors.
import { Ollama } from "ollama";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  buildEngine,
  type EngineProcess,
  startEngineProcess,
  temporaryDataDir,
  until,
} from "./engine-process.ts";
import { ask, generateOnce, loadedModels, rawBody, send, smallModel, wordPrompt } from "./requests.ts";

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

describe("Ollama's official client", () => {
  it("lists, shows, generates, chats and sees what is loaded", async () => {
    const client = new Ollama({ host: engine.url });
    const { models } = await client.list();
    expect(models.map(({ name }) => name).sort()).toEqual(["ozone-synthetic:30m", "ozone-synthetic:4m"]);
    const shown = await client.show({ model: smallModel });
    expect(shown.details).toMatchObject({
      family: "ozone-synthetic",
      format: "gguf",
      quantization_level: "Q8_0",
    });
    expect(shown.model_info).toMatchObject({
      "general.architecture": "llama",
      "general.description": "synthetic weights from a seed; the text is noise",
      "llama.context_length": 131_072,
      "tokenizer.ggml.tokens": null,
    });
    const options = { num_predict: 4, temperature: 0 };
    const generated = await client.generate({ model: smallModel, prompt: "house tree", options });
    expect(generated).toMatchObject({ done: true, done_reason: "length", eval_count: 4 });
    const pieces: string[] = [];
    const messages = [{ role: "user", content: "house tree" }];
    for await (const part of await client.chat({ model: smallModel, messages, options, stream: true })) {
      pieces.push(part.message.content);
    }
    expect(pieces).toHaveLength(5);
    const loaded = await client.ps();
    expect(loaded.models[0]).toMatchObject({
      name: smallModel,
      size_vram: 0,
      digest: models.find(({ name }) => name === smallModel)?.digest,
    });
    expect(await client.version()).toEqual({ version: "0.1.0", engine: "ozone-reference" });
  });

  it("gets a 404 for a model that is not there", async () => {
    const client = new Ollama({ host: engine.url });
    await expect(client.generate({ model: "absent", prompt: "x" })).rejects.toMatchObject({
      status_code: 404,
      error: "model 'absent' not found",
    });
  });
});

describe("loading and unloading", () => {
  it("allocates num_ctx and tells it in /api/ps, with what is in force", async () => {
    await generateOnce(engine.url, rawBody("house", { num_ctx: 3072, num_batch: 64 }));
    const [small] = await loadedModels(engine.url);
    expect(small).toMatchObject({
      context_length: 3072,
      effective: {
        num_ctx: 3072,
        num_batch: 64,
        kv_cache_type: "f16",
        flash_attention: true,
        num_parallel: 1,
      },
    });
    await generateOnce(engine.url, rawBody("house", { num_ctx: 6144, num_batch: 64 }));
    const [large] = await loadedModels(engine.url);
    // 1024 bytes of cache and 64 x 2 bytes of mask for each further token of context.
    expect((large?.size ?? 0) - (small?.size ?? 0)).toBe(3072 * (1024 + 128));
  });

  it("rounds an odd num_ctx up to a multiple of 256, but keeps to it as a limit", async () => {
    const options = { num_ctx: 300, num_predict: 1 };
    await generateOnce(engine.url, rawBody(wordPrompt(299, 1), options));
    expect((await loadedModels(engine.url))[0]?.context_length).toBe(512);
    const { status } = await ask(engine.url, "/api/generate", rawBody(wordPrompt(300, 1), options));
    expect(status).toBe(400);
  });

  it("clamps num_ctx to the trained context", async () => {
    await generateOnce(engine.url, rawBody("house", { num_ctx: 10_000_000, num_batch: 8 }));
    expect((await loadedModels(engine.url))[0]?.context_length).toBe(131_072);
    expect(engine.log()).toContain("requested context size too large for model");
  });

  it("keeps the runner for request options and starts another for load-time options", async () => {
    await generateOnce(engine.url, rawBody("house"));
    const [first] = engine.runnerPids();
    const warm = await generateOnce(engine.url, rawBody("tree", { temperature: 0.5, num_predict: 3 }));
    expect(engine.runnerPids()).toEqual([first]);
    const reloaded = await generateOnce(engine.url, rawBody("tree", { num_batch: 256 }));
    expect(engine.runnerPids()).not.toContain(first);
    expect(warm.load_duration).toBeLessThan(0.5 * reloaded.load_duration);
  });

  it("loads on an empty prompt, unloads on an empty prompt with keep_alive 0, and loads again", async () => {
    const load = await ask(engine.url, "/api/generate", { model: smallModel, prompt: "" });
    expect(load.json).toMatchObject({ done: true, done_reason: "load", response: "" });
    expect(await loadedModels(engine.url)).toHaveLength(1);
    const unload = await ask(engine.url, "/api/generate", { model: smallModel, prompt: "", keep_alive: 0 });
    expect(unload.json).toMatchObject({ done: true, done_reason: "unload" });
    await until("the model is unloaded", async () => (await loadedModels(engine.url)).length === 0);
    expect(engine.runnerPids()).toEqual([]);
    expect((await generateOnce(engine.url, rawBody("house"))).done_reason).toBe("length");
  });

  it("unloads after keep_alive has passed", async () => {
    await generateOnce(engine.url, { ...rawBody("house"), keep_alive: "300ms" });
    await until("the model is unloaded", async () => (await loadedModels(engine.url)).length === 0);
  });

  it("answers requests for another model after those for the loaded one", async () => {
    const body = rawBody(wordPrompt(200, 3), { num_predict: 60 });
    const answers = await Promise.all([
      generateOnce(engine.url, body),
      generateOnce(engine.url, { ...body, model: "ozone-synthetic:30m" }),
      generateOnce(engine.url, body),
    ]);
    expect(answers.map(({ eval_count }) => eval_count)).toEqual([60, 60, 60]);
    expect(await loadedModels(engine.url)).toHaveLength(1);
  });
});

describe("the limits of the context", () => {
  const options = { num_ctx: 512, num_predict: 4 };

  it("refuse a prompt that is too long when truncate is false", async () => {
    const { status, json } = await ask(engine.url, "/api/generate", rawBody(wordPrompt(512, 4), options));
    expect({ status, json }).toEqual({
      status: 400,
      json: { error: "the input length exceeds the context length" },
    });
  });

  it("take a prompt that fills the context to the last token", async () => {
    const final = await generateOnce(engine.url, rawBody(wordPrompt(511, 4), options));
    expect(final).toMatchObject({ prompt_eval_count: 512, eval_count: 1, done_reason: "length" });
  });

  it("cut a prompt that is too long by default, to num_ctx tokens", async () => {
    const body = { ...rawBody(wordPrompt(900, 4), options), truncate: true };
    const final = await generateOnce(engine.url, body);
    expect(final.prompt_eval_count).toBe(512);
    expect(engine.log()).toContain("truncating input prompt");
  });

  it("end the text at the full context with shift false, and go on by discarding with shift true", async () => {
    const body = rawBody(wordPrompt(500, 4), { num_ctx: 512, num_predict: 40, num_keep: 4 });
    expect(await generateOnce(engine.url, body)).toMatchObject({ eval_count: 12, done_reason: "length" });
    const shifted = await generateOnce(engine.url, { ...body, shift: true });
    expect(shifted).toMatchObject({ eval_count: 40, done_reason: "length" });
    expect(engine.log()).toContain("context limit hit - shifting");
  });

  it("drop the oldest messages of a chat", async () => {
    const message = (seed: number): { role: string; content: string } => ({
      role: "user",
      content: wordPrompt(200, seed),
    });
    const body = { model: smallModel, messages: [1, 2, 3, 4].map(message), stream: false, options };
    const { json } = await ask<{ prompt_eval_count: number }>(engine.url, "/api/chat", body);
    expect(json.prompt_eval_count).toBeGreaterThan(400);
    expect(json.prompt_eval_count).toBeLessThan(440);
  });
});

describe("stop sequences", () => {
  it("end the text before them with done_reason stop", async () => {
    const body = rawBody(wordPrompt(20, 5), { num_predict: 20 });
    const whole = (await generateOnce(engine.url, body)).response;
    const stop = whole.trim().split(" ")[5] ?? "";
    const final = await generateOnce(engine.url, {
      ...body,
      options: { ...(body.options as object), stop: [stop] },
    });
    expect(final.done_reason).toBe("stop");
    expect(final.response).toBe(whole.slice(0, whole.indexOf(stop)));
  });
});

describe("requests that make no sense", () => {
  it.each([
    ["/api/generate", {}, 400, "model is required"],
    ["/api/generate", { model: "x" }, 404, "model 'x' not found"],
    ["/api/show", { model: "x" }, 404, "model 'x' not found"],
    ["/api/chat", { model: smallModel, messages: "hello" }, 400, 'field "messages" must be of type array'],
    ["/api/generate", rawBody("x", { num_ctx: "big" }), 500, 'option "num_ctx" must be of type integer'],
    [
      "/api/generate",
      { ...rawBody("x"), system: "s" },
      400,
      "raw mode does not support template, system, or context",
    ],
    ["/api/generate", { ...rawBody("x"), format: "json" }, 400, 'this engine does not support "format"'],
    [
      "/api/generate",
      { ...rawBody("x"), think: true },
      400,
      '"ozone-synthetic:4m" does not support thinking',
    ],
    ["/api/generate", { ...rawBody("x"), keep_alive: "soon" }, 400, 'time: invalid duration "soon"'],
  ])("at %s %j get %i", async (path, body, expectedStatus, error) => {
    const { status, json } = await ask(engine.url, path, body);
    expect({ status, json }).toEqual({ status: expectedStatus, json: { error } });
  });

  it("get 400 without a JSON body and 413 with one that is too long", async () => {
    const empty = await fetch(`${engine.url}/api/generate`, { method: "POST" });
    expect({ status: empty.status, body: await empty.json() }).toEqual({
      status: 400,
      body: { error: "missing request body" },
    });
    const broken = await fetch(`${engine.url}/api/generate`, { method: "POST", body: "{" });
    expect(broken.status).toBe(400);
    const long = await send(engine.url, "/api/generate", { model: smallModel, prompt: "x".repeat(33 << 20) });
    expect(long.status).toBe(413);
  });

  it("get 404 for unknown paths, and only a warning for unknown options", async () => {
    expect((await fetch(`${engine.url}/api/nowhere`)).status).toBe(404);
    expect((await fetch(`${engine.url}//`)).status).toBe(404);
    expect((await fetch(`${engine.url}/api/generate`)).status).toBe(405);
    await generateOnce(engine.url, rawBody("house", { batch: 8 }));
    expect(engine.log()).toContain('msg="invalid option provided" option=batch');
  });

  it("find at / what the server really is", async () => {
    expect(await (await fetch(engine.url)).text()).toContain("Ozone reference engine");
  });
});
