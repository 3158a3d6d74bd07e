// Whole trials against the scripted Ollama: the honest one, what it leaves behind, and how it ends early.
import { Purpose } from "@ozone/proto/configuration";
import { Provenance } from "@ozone/proto/machine";
import { SampleKind, Verdict } from "@ozone/proto/trial";
import {
  flatPace,
  type ScriptChange,
  type ScriptedOllama,
  scriptedModel,
  startScriptedOllama,
} from "@ozone/simulator/scripted-ollama";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { cleanUpLeftovers } from "./measure/leave-no-trace.ts";
import {
  failedCodes,
  orderFor,
  portsFor,
  removeFolders,
  story,
  unknownCodes,
} from "./measure/trial-material.ts";
import { runTrial } from "./run-trial.ts";

afterAll(removeFolders);

const servers: ScriptedOllama[] = [];
async function scripted(change: ScriptChange = {}): Promise<ScriptedOllama> {
  const server = await startScriptedOllama(change);
  servers.push(server);
  return server;
}
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

const loadedModels = async (server: ScriptedOllama): Promise<{ name: string; context_length: number }[]> =>
  (
    (await (await fetch(`${server.url}/api/ps`)).json()) as {
      models: { name: string; context_length: number }[];
    }
  ).models;

const post = async (server: ScriptedOllama, path: string, body: unknown): Promise<string> =>
  (await fetch(`${server.url}${path}`, { method: "POST", body: JSON.stringify(body) })).text();

/** Waits until the server has unloaded what it was asked to. */
async function untilUnloaded(server: ScriptedOllama): Promise<void> {
  const deadline = Date.now() + 5000;
  for (let models = await loadedModels(server); models.length > 0; models = await loadedModels(server)) {
    if (Date.now() > deadline) throw new Error(`still loaded: ${JSON.stringify(models)}`);
  }
}

const generations = (server: ScriptedOllama) =>
  server.requests
    .filter(({ path }) => path === "/api/generate")
    .map(({ body }) => body as Record<string, unknown>);

describe("an honest trial", () => {
  it("is valid in batches so small that a prompt of the warm-up takes several", async () => {
    const server = await scripted();
    const result = await runTrial(
      orderFor({ repetitions: 2, point: { numCtx: 1024, numBatch: 32 } }),
      portsFor(server.url),
    );
    expect(story(result)).toBe("");
    expect(result.samples.map(({ valid }) => valid)).toEqual([true, true]);
  });

  it("is valid when its runner crawled through the warm-up and no longer, the warm prefix behind it as well", async () => {
    const crawling = { prefillTokensPerSecond: 4_000, decodeTokensPerSecond: 80 };
    const server = await scripted({ pace: flatPace(crawling) });
    const result = await runTrial(
      orderFor({ point: { numCtx: 1024 }, protocol: { warmPrefix: true } }),
      portsFor(server.url, {
        onActivity(words) {
          if (words.startsWith("sample 1"))
            server.set({ pace: flatPace({ ...crawling, decodeTokensPerSecond: 1_200 }) });
        },
      }),
    );
    expect(story(result)).toBe("");
    // The one that came too early for its warm-up, its repetition, and the warm one.
    const { FILLED, WARM_PREFIX } = SampleKind;
    expect(result.samples.map(({ kind, valid }) => [kind, valid])).toEqual([
      [FILLED, true],
      [FILLED, true],
      [WARM_PREFIX, true],
    ]);
  });

  it("is valid, fills the context, and has no check unknown but what only hardware can tell", async () => {
    const server = await scripted();
    const result = await runTrial(
      orderFor({ repetitions: 3, point: { numThread: 2 } }),
      portsFor(server.url),
    );
    expect(story(result)).toBe("");
    expect(result.verdict).toBe(Verdict.VALID);
    expect(result.samples).toHaveLength(3);
    expect(result.context).toMatchObject({
      requested: 2048,
      allocated: 2048,
      promptTokens: 1843,
      filled: true,
    });
    expect(result.provenance).toBe(Provenance.MEASURED);
    for (const sample of result.samples) expect(unknownCodes(sample)).toEqual(["uncontended", "unthrottled"]);
  });

  it("sends every option, never truncates or shifts, and begins no two prompts alike", async () => {
    const server = await scripted();
    await runTrial(orderFor({ repetitions: 4, point: { numThread: 3 } }), portsFor(server.url));
    const sent = generations(server).filter(({ keep_alive }) => keep_alive !== 0);
    for (const body of sent) {
      expect(body).toMatchObject({ raw: true, truncate: false, shift: false });
      expect(Object.keys(body.options as object)).toEqual(
        expect.arrayContaining(["num_ctx", "num_batch", "num_thread", "num_predict", "seed", "temperature"]),
      );
    }
    const filled = sent
      .map(({ prompt }) => String(prompt))
      .filter((prompt) => prompt.split(" ").length > 1000);
    const openings = filled.map((prompt) => prompt.split(" ").slice(0, 8).join(" "));
    expect(openings).toHaveLength(4);
    expect(new Set(openings).size).toBe(4);
  });

  it("takes its samples on a fresh runner for each launch and warms up at full depth before a confirmation", async () => {
    const server = await scripted();
    const order = orderFor({ launches: 2, repetitions: 2, purpose: Purpose.CONFIRM });
    const result = await runTrial(order, portsFor(server.url));
    expect(story(result)).toBe("");
    expect(result.samples.map(({ launch }) => launch)).toEqual([0, 0, 1, 1]);
    expect(result.loadMs).toHaveLength(2);
    const deep = generations(server).filter(({ prompt }) => String(prompt).split(" ").length > 1000);
    expect(deep).toHaveLength(6);
  });

  it("finds its words once and then from the cache, and notices when they no longer fit", async () => {
    const server = await scripted();
    const ports = portsFor(server.url);
    await runTrial(orderFor(), ports);
    const first = generations(server).length;
    await runTrial(orderFor(), ports);
    expect(generations(server).length - first).toBeLessThan(first / 2);
    server.set({ badWords: ["about", "after", "again", "house", "water", "yellow", "young", "year"] });
    const result = await runTrial(orderFor(), ports);
    expect(story(result)).toBe("");
    expect(result.verdict).toBe(Verdict.VALID);
  });

  it("shows a flat server as flat, and a slower one at depth as slower", async () => {
    const rate = async (server: ScriptedOllama, numCtx: number): Promise<number> => {
      const result = await runTrial(
        orderFor({ repetitions: 3, point: { numCtx, numPredict: 48 } }),
        portsFor(server.url),
      );
      expect(story(result)).toBe("");
      // The best of three: other programs on this machine can only make a paced server's tokens late.
      return Math.max(...result.samples.map((sample) => sample.decodeTokensPerSecond ?? 0));
    };
    const flat = await scripted({
      pace: flatPace({ prefillTokensPerSecond: 15_000, decodeTokensPerSecond: 100 }),
    });
    expect((await rate(flat, 8192)) / (await rate(flat, 1024))).toBeCloseTo(1, 1);
    const physical = await scripted();
    expect((await rate(physical, 8192)) / (await rate(physical, 1024))).toBeLessThan(0.75);
  });

  it("takes the prefill of Ollama 0.12.6, which accounts for its last batch only, from the rest of its total", async () => {
    const pace = flatPace({ prefillTokensPerSecond: 6_000, decodeTokensPerSecond: 300 });
    const old = await scripted({ version: "0.12.6", pace });
    const result = await runTrial(orderFor({ repetitions: 3, point: { numThread: 4 } }), portsFor(old.url));
    expect(result.verdict, story(result)).toBe(Verdict.VALID);
    expect(result.warnings.map(({ code }) => code)).toEqual(["prefill_from_total"]);
    for (const { prefillTokensPerSecond = 0, promptEvalNs, promptTokens, ttftMs = 0 } of result.samples) {
      const prefillMs = (1000 * promptTokens) / prefillTokensPerSecond;
      expect(prefillMs).toBeGreaterThan(0.7 * ttftMs);
      expect(prefillMs).toBeLessThan(1.1 * ttftMs);
      expect(Number(promptEvalNs) / 1e6).toBeLessThan(0.5 * prefillMs);
    }
    const crowded = await runTrial(orderFor({ point: { concurrency: 2 } }), portsFor(old.url));
    expect(failedCodes(crowded)).toEqual(["clocks_agree"]);
  });

  it("says of a context beyond the trained one that it is too large, without loading anything", async () => {
    const server = await scripted();
    const result = await runTrial(orderFor({ point: { numCtx: 65_536 } }), portsFor(server.url));
    expect(result.failure?.failureClass).toBe("context_too_large");
    expect(generations(server)).toEqual([]);
  });

  it("measures concurrent requests from their intended start", async () => {
    const server = await scripted({ server: { numParallel: 1 } });
    const result = await runTrial(orderFor({ point: { concurrency: 2 } }), portsFor(server.url));
    expect(story(result)).toBe("");
    expect(result.samples).toHaveLength(2);
    const [first = 0, second = 0] = result.samples.map(({ ttftMs }) => ttftMs ?? 0).sort((a, b) => a - b);
    expect(second).toBeGreaterThan(1.8 * first);
  });

  it("stays within one attempt's rules for a digest that was ordered", async () => {
    const server = await scripted();
    const digest = (await runTrial(orderFor(), portsFor(server.url))).modelDigest;
    expect(
      (await runTrial(orderFor({ modelDigest: `sha256:${digest}` }), portsFor(server.url))).verdict,
    ).toBe(Verdict.VALID);
    const other = await runTrial(orderFor({ modelDigest: "f".repeat(64) }), portsFor(server.url));
    expect(other.failure?.failureClass).toBe("model_missing");
  });
});

describe("a trial leaves no trace", () => {
  it("when it went well", async () => {
    const server = await scripted();
    await runTrial(orderFor(), portsFor(server.url));
    await untilUnloaded(server);
  });

  it("when it is cancelled in the middle of a sample, at once", async () => {
    const server = await scripted({
      pace: flatPace({ prefillTokensPerSecond: 500, decodeTokensPerSecond: 50 }),
    });
    const cancel = new AbortController();
    let cancelledAt = 0;
    const onActivity = (words: string): void => {
      if (!words.startsWith("sample 1")) return;
      setTimeout(() => {
        cancelledAt = performance.now();
        cancel.abort();
      }, 300);
    };
    const result = await runTrial(orderFor(), portsFor(server.url, { signal: cancel.signal, onActivity }));
    expect(performance.now() - cancelledAt).toBeLessThan(2500);
    expect(result.verdict).toBe(Verdict.FAILED);
    expect(result.failure?.failureClass).toBe("cancelled");
    await untilUnloaded(server);
  });

  it("but loads again what its user had loaded, and says so", async () => {
    const server = await scripted();
    const body = { model: "scripted:tiny", prompt: "", keep_alive: "10m", options: { num_ctx: 512 } };
    await fetch(`${server.url}/api/generate`, { method: "POST", body: JSON.stringify(body) }).then((one) =>
      one.text(),
    );
    const result = await runTrial(orderFor(), portsFor(server.url));
    expect(result.verdict).toBe(Verdict.VALID);
    expect(result.warnings.map(({ code }) => code)).toContain("model_was_loaded");
    expect((await loadedModels(server)).map(({ context_length }) => context_length)).toEqual([512]);
  });

  it("but loads again what the server unloaded to make room, under its own name and for as long", async () => {
    const server = await scripted({
      models: [scriptedModel(), scriptedModel("scripted:other", { quantization: "f16" })],
      server: { maxLoadedModels: 1 },
    });
    const body = { model: "scripted:other", prompt: "", keep_alive: -1, options: { num_ctx: 512 } };
    await post(server, "/api/generate", body);
    const result = await runTrial(orderFor(), portsFor(server.url));
    expect(result.warnings.map(({ code }) => code)).toEqual(["other_model_loaded", "other_model_evicted"]);
    expect(await loadedModels(server)).toMatchObject([{ name: "scripted:other", context_length: 512 }]);
    expect(generations(server).at(-1)).toMatchObject({ model: "scripted:other", keep_alive: "-1s" });
  });

  it("also when it was loaded under another name of the same weights", async () => {
    const server = await scripted();
    await post(server, "/api/copy", { source: "scripted:tiny", destination: "mine" });
    await post(server, "/api/generate", { model: "mine", prompt: "", options: { num_ctx: 512 } });
    const result = await runTrial(orderFor(), portsFor(server.url));
    expect(result.verdict, story(result)).toBe(Verdict.VALID);
    expect(result.warnings.map(({ code }) => code)).toEqual(["model_was_loaded"]);
    expect(await loadedModels(server)).toMatchObject([{ name: "mine:latest", context_length: 512 }]);
  });

  it("also after the agent was killed, at its next start", async () => {
    const server = await scripted();
    const ports = portsFor(server.url);
    const never = new AbortController();
    // A kill leaves everything as it is in the middle: the trial is simply not waited for.
    const loaded = new Promise<void>((resolve) => {
      const onActivity = (words: string): void => {
        if (words.startsWith("warming up")) resolve();
      };
      void runTrial(orderFor({ repetitions: 50 }), { ...ports, signal: never.signal, onActivity });
    });
    await loaded;
    expect(await cleanUpLeftovers(ports.cacheDir)).toHaveLength(1);
    never.abort();
    await untilUnloaded(server);
  });
});

describe("a trial that can't be made", () => {
  it("says what is missing when nobody answers", async () => {
    const result = await runTrial(orderFor(), portsFor("http://127.0.0.1:1"));
    expect(result.verdict).toBe(Verdict.FAILED);
    expect(result.failure?.failureClass).toBe("server_unreachable");
    expect(result.provenance).toBe(Provenance.UNSPECIFIED);
    expect(failedCodes(result)).toEqual([]);
  });

  it("says which models there are when the one that was ordered is missing", async () => {
    const server = await scripted();
    const result = await runTrial(orderFor({ modelName: "nobody:7b" }), portsFor(server.url));
    expect(result.failure?.failureClass).toBe("model_missing");
    expect(result.failure?.message).toContain("scripted:tiny");
  });

  it("keeps to its order's time limit", async () => {
    const server = await scripted({
      pace: flatPace({ prefillTokensPerSecond: 900, decodeTokensPerSecond: 100 }),
    });
    const started = performance.now();
    const result = await runTrial(orderFor({ limitMs: 2500, repetitions: 3 }), portsFor(server.url));
    expect(result.failure?.failureClass).toBe("request_timeout");
    expect(performance.now() - started).toBeLessThan(8000);
    await untilUnloaded(server);
  });
});
