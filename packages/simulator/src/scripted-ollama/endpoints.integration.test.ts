// The other endpoints of an honest script, its errors, its own process, and its stop.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { afterEach, describe, expect, it } from "vitest";
import { call, lastRecord, numberIn, uniquePrompt } from "./raw-client.ts";
import type { ScriptChange } from "./script.ts";
import { scriptedModel } from "./scripted-model.ts";
import type { ScriptedOllama } from "./server.ts";
import { startScriptedOllama } from "./server.ts";

const MODEL = "scripted:tiny";
const running: ScriptedOllama[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.stop()));
});

async function start(change: ScriptChange = {}): Promise<ScriptedOllama> {
  const server = await startScriptedOllama({ loadSeconds: 0.02, unloadSeconds: 0.02, ...change });
  running.push(server);
  return server;
}

describe("metadata", () => {
  it("tells version, tags and details that agree with each other", async () => {
    const model = scriptedModel("mine:q4", { quantization: "q4_0" });
    const { url } = await start({ version: "0.13.1", models: [model] });
    expect(await (await fetch(url)).text()).toBe("Ollama is running");
    expect(lastRecord(await call(`${url}/api/version`))).toEqual({ version: "0.13.1" });
    const tags = lastRecord(await call(`${url}/api/tags`)).models as Record<string, unknown>[];
    expect(tags).toMatchObject([
      { name: "mine:q4", digest: model.digest, details: { quantization_level: "Q4_0" } },
    ]);
    const show = lastRecord(await call(`${url}/api/show`, { body: { model: "mine:q4" } }));
    const info = show.model_info as Record<string, unknown>;
    const tensors = show.tensors as { shape: number[] }[];
    const elements = tensors.reduce(
      (sum, { shape }) => sum + shape.reduce((product, length) => product * length, 1),
      0,
    );
    expect(info["general.parameter_count"]).toBe(elements);
    expect(info["llama.context_length"]).toBe(32_768);
  });

  it("gives arrays of the vocabulary only when asked for verbosely", async () => {
    const { url } = await start();
    const tokens = async (verbose: boolean) => {
      const show = lastRecord(await call(`${url}/api/show`, { body: { model: MODEL, verbose } }));
      return (show.model_info as Record<string, unknown>)["tokenizer.ggml.tokens"];
    };
    expect(await tokens(false)).toBeNull();
    expect(await tokens(true)).toHaveLength(64);
  });
});

describe("refusals", () => {
  const cases = [
    {
      path: "/api/generate",
      body: { model: "nobody:x", prompt: "a" },
      status: 404,
      error: "model 'nobody:x' not found",
    },
    { path: "/api/show", body: { model: "nobody:x" }, status: 404, error: "model 'nobody:x' not found" },
    { path: "/api/show", body: {}, status: 400, error: "model is required" },
    {
      path: "/api/copy",
      body: { source: "nobody:x", destination: "b" },
      status: 404,
      error: 'model "nobody:x" not found',
    },
    {
      path: "/api/create",
      body: { model: "m" },
      status: 400,
      error: "neither 'from' or 'files' was specified",
    },
    {
      path: "/api/create",
      body: { model: "m", files: { "/a": "sha256:1" } },
      status: 400,
      error: "file path must be relative",
    },
    {
      path: "/api/generate",
      body: { model: MODEL, prompt: "a", options: { num_ctx: "big" } },
      status: 500,
      error: 'option "num_ctx" must be of type integer',
    },
    {
      path: "/api/generate",
      body: { model: MODEL, prompt: "a", raw: true, system: "b" },
      status: 400,
      error: "raw mode does not support template, system, or context",
    },
    {
      path: "/api/generate",
      body: { model: MODEL, keep_alive: "soon" },
      status: 400,
      error: 'time: invalid duration "soon"',
    },
  ];
  it.each(cases)("$path answers $status: $error", async ({ path, body, status, error }) => {
    const { url } = await start();
    const received = await call(`${url}${path}`, { body });
    expect(received.status).toBe(status);
    expect(lastRecord(received)).toEqual({ error });
  });

  it("a body is needed, unknown paths are 404, unknown options are ignored", async () => {
    const { url } = await start();
    const nothing = await fetch(`${url}/api/generate`, { method: "POST" });
    expect([nothing.status, await nothing.json()]).toEqual([400, { error: "missing request body" }]);
    const unknown = await fetch(`${url}/api/unknown`);
    expect([unknown.status, await unknown.text()]).toEqual([404, "404 page not found"]);
    const body = { model: MODEL, prompt: "a", raw: true, options: { num_predict: 1, no_such_option: {} } };
    expect((await call(`${url}/api/generate`, { body })).status).toBe(200);
  });
});

describe("the model store", () => {
  it("takes a blob, makes a model of it, copies it and deletes both", async () => {
    const { url } = await start();
    const weights = Buffer.concat([Buffer.from("GGUF"), Buffer.alloc(5000, 7)]);
    const digest = `sha256:${createHash("sha256").update(weights).digest("hex")}`;
    const put = (bytes: Buffer) =>
      fetch(`${url}/api/blobs/${digest}`, { method: "POST", body: new Uint8Array(bytes) });
    const head = async () => (await fetch(`${url}/api/blobs/${digest}`, { method: "HEAD" })).status;
    expect(await head()).toBe(404);
    expect((await put(Buffer.from("GGUF but not these"))).status).toBe(400);
    expect((await put(weights)).status).toBe(201);
    expect([await head(), (await put(weights)).status]).toEqual([200, 200]);

    const body = { model: "made:new", files: { "m.gguf": digest }, parameters: { num_ctx: 1024 } };
    const created = await call(`${url}/api/create`, { body });
    expect(created.lines.map(({ record }) => record?.status)).toContain("writing manifest");
    expect(lastRecord(created)).toEqual({ status: "success" });
    await call(`${url}/api/generate`, { body: { model: "made:new", prompt: "" } });
    const ps = lastRecord(await call(`${url}/api/ps`)).models as Record<string, unknown>[];
    expect(ps).toMatchObject([{ name: "made:new", context_length: 1024 }]);

    expect(
      (await call(`${url}/api/copy`, { body: { source: "made:new", destination: "copy:new" } })).status,
    ).toBe(200);
    for (const model of ["made:new", "copy:new"]) {
      const gone = await call(`${url}/api/delete`, { method: "DELETE", body: { model } });
      expect(gone.status).toBe(200);
    }
    expect((await call(`${url}/api/delete`, { method: "DELETE", body: { model: "made:new" } })).status).toBe(
      404,
    );
  });

  it("makes a model of another one with its own parameters", async () => {
    const { url } = await start();
    const body = { model: "small", from: MODEL, parameters: { num_predict: 3 }, stream: false };
    expect(lastRecord(await call(`${url}/api/create`, { body }))).toEqual({ status: "success" });
    const received = await call(`${url}/api/generate`, { body: { model: "small", raw: true, prompt: "a" } });
    expect(lastRecord(received).eval_count).toBe(3);
  });
});

describe("the script itself", () => {
  it("replays the gaps of a recording, one recorded sample after the other", async () => {
    const sample = (gapMs: number) => ({ promptTokens: 50, prefillMs: 30, gapsMs: [gapMs, gapMs, gapMs] });
    const recording = { source: "test", condition: "idle", samples: [sample(4), sample(12)] } as const;
    const { url } = await start({ pace: { kind: "recording", recording } });
    const evalMs: number[] = [];
    for (const nonce of ["alpha", "beta", "gamma"]) {
      const body = { model: MODEL, raw: true, prompt: uniquePrompt(49, nonce), options: { num_predict: 11 } };
      evalMs.push(numberIn(lastRecord(await call(`${url}/api/generate`, { body })), "eval_duration") / 1e6);
    }
    const seen = String(evalMs);
    for (const [index, wanted] of [40, 120, 40].entries())
      expect(evalMs[index], seen).toBeGreaterThan(wanted - 0.01);
    expect(Math.min(evalMs[0] ?? 0, evalMs[2] ?? 0), seen).toBeLessThan(60);
  });

  it("jitters by its seed", async () => {
    const evalMs = async (seed: number) => {
      const { url } = await start({ jitter: { seed, stepCv: 0, sampleCv: 0.3 } });
      const body = { model: MODEL, raw: true, prompt: "hello", options: { num_predict: 30 } };
      return numberIn(lastRecord(await call(`${url}/api/generate`, { body })), "eval_duration") / 1e6;
    };
    // These seeds draw factors of 1.59 and 0.71.
    const [slow, quick] = [await evalMs(3), await evalMs(4)];
    expect(slow / quick, `${slow} ${quick}`).toBeGreaterThan(1.5);
  });

  it("writes every request down and counts samples", async () => {
    const server = await start();
    for (const words of [300, 20, 300]) {
      const body = {
        model: MODEL,
        raw: true,
        prompt: uniquePrompt(words, "alpha"),
        options: { num_predict: 2 },
      };
      await call(`${server.url}/api/generate`, { body });
    }
    expect(server.requests.map(({ method, path, sample }) => [method, path, sample])).toEqual([
      ["POST", "/api/generate", 1],
      ["POST", "/api/generate", undefined],
      ["POST", "/api/generate", 2],
    ]);
  });

  it("ends hanging requests and frees its port when it is stopped", async () => {
    const server = await startScriptedOllama({ faults: [{ name: "hang_before_headers", when: "always" }] });
    const body = { model: MODEL, prompt: "hello", raw: true };
    const hanging = call(`${server.url}/api/generate`, { body }).catch((error: unknown) => String(error));
    await expect.poll(() => server.requests.length).toBe(1);
    await server.stop();
    expect(await hanging).toContain("fetch failed");
    await expect(fetch(server.url)).rejects.toThrow("fetch failed");
  });

  it("runs as a process of its own, scripted by lines on stdin", async () => {
    const folder = await mkdtemp(join(tmpdir(), "scripted-ollama-"));
    const outfile = join(folder, "alone.mjs");
    const entry = fileURLToPath(new URL("./run-alone.ts", import.meta.url));
    await build({
      entryPoints: [entry],
      bundle: true,
      platform: "node",
      format: "esm",
      outfile,
      logLevel: "silent",
    });
    const child = spawn(process.execPath, [outfile], { stdio: ["pipe", "pipe", "inherit"] });
    try {
      const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
      const tell = async (change: ScriptChange) => {
        child.stdin.write(`${JSON.stringify(change)}\n`);
        return JSON.parse(String((await answers.next()).value)) as { url: string };
      };
      const { url } = await tell({ version: "0.12.9" });
      expect(lastRecord(await call(`${url}/api/version`))).toEqual({ version: "0.12.9" });
      await tell({ lies: ["wrong_version"] });
      expect(lastRecord(await call(`${url}/api/version`))).toEqual({ version: "0.0.0" });
      const ended = once(child, "exit");
      child.stdin.end();
      expect((await ended)[0]).toBe(0);
    } finally {
      child.kill("SIGKILL");
      await rm(folder, { recursive: true, force: true });
    }
  });
});
