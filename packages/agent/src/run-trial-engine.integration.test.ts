// Whole trials on real inference: the reference engine, started as its own process.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { EngineKind, Provenance } from "@ozone/proto/machine";
import { SampleKind, Verdict } from "@ozone/proto/trial";
import { expandSharedFills } from "@ozone/shared/expand-shared-fills";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  failedCodes,
  newFolder,
  orderFor,
  portsFor,
  removeFolders,
  story,
  unknownCodes,
} from "./measure/trial-material.ts";
import { conditionsOf, samplerOf } from "./measuring-machine.ts";
import { describeEngine, listModels } from "./ollama/describe-engine.ts";
import { runTrial } from "./run-trial.ts";

const engineScript = fileURLToPath(new URL("../../engine/bin/ozone-engine.js", import.meta.url));
const model = "ozone-synthetic:4m";
const dataDir = newFolder();
const never = new AbortController().signal;
let engine: StartedEngine;
let url = "";

interface StartedEngine {
  readonly process: ChildProcess;
  readonly url: string;
}

async function startEngine(env: Readonly<Record<string, string>> = {}): Promise<StartedEngine> {
  const started = spawn(process.execPath, [engineScript, "serve", "--port", "0", "--data-dir", dataDir], {
    stdio: ["ignore", "pipe", "ignore"],
    env: { ...process.env, ...env },
  });
  const ready = Promise.race([
    once(started.stdout as NonNullable<ChildProcess["stdout"]>, "data"),
    once(started, "exit").then(([code]) => {
      throw new Error(`The engine ended with ${code} before it was ready; is it built?`);
    }),
  ]);
  return { process: started, url: (JSON.parse(String((await ready)[0])) as { listening: string }).listening };
}

async function stopEngine({ process: started }: StartedEngine): Promise<void> {
  if (started.exitCode !== null) return;
  started.kill("SIGTERM");
  await once(started, "exit");
}

beforeAll(async () => {
  engine = await startEngine({ OLLAMA_NUM_PARALLEL: "1" });
  url = engine.url;
});

afterAll(async () => {
  await stopEngine(engine);
  removeFolders();
});

const order = (numCtx: number, repetitions: number) =>
  orderFor({
    modelName: model,
    repetitions,
    point: { numCtx, numBatch: 512, numThread: 1 },
    limitMs: 300_000,
  });

const middle = (values: (number | undefined)[]): number =>
  values.map((value) => value ?? 0).sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

describe("the agent on the reference engine", () => {
  it("knows it for what it is, and its models for synthetic", async () => {
    expect(await describeEngine(url, never)).toMatchObject({
      kind: EngineKind.REFERENCE,
      reachable: true,
      problem: "",
    });
    const models = await listModels(url, never);
    const listed = models.find(({ name }) => name === model);
    expect(listed).toMatchObject({ synthetic: true, loaded: false });
    expect(listed?.trainedContext).toBeGreaterThanOrEqual(32_768);
    expect(listed?.kvBytesPerToken).toBeGreaterThan(0n);
  });

  it("fills two depths for real, and decodes more slowly at the greater one", async () => {
    const ports = portsFor(url);
    const shallow = await runTrial(order(1024, 5), ports);
    const deep = await runTrial(order(8192, 3), ports);
    for (const result of [shallow, deep]) {
      expect(story(result)).toBe("");
      expect(result.verdict).toBe(Verdict.VALID);
      expect(result.context?.filled).toBe(true);
      expect(result.provenance).toBe(Provenance.SYNTHETIC);
      for (const sample of result.samples)
        expect(unknownCodes(sample)).toEqual(["uncontended", "unthrottled"]);
    }
    expect(deep.context?.promptTokens).toBe(7372);
    const rates = [shallow, deep].map(({ samples }) =>
      middle(samples.map((one) => one.decodeTokensPerSecond)),
    );
    expect(rates[1]).toBeLessThan(rates[0] ?? 0);
  });

  it("asks for a shorter answer behind the same fill, which the engine takes from its cache", async () => {
    const point = { numCtx: 4096, numBatch: 64, numThread: 1, numPredict: 64 };
    const protocol = { shorterPredicts: [32] };
    const result = await runTrial(
      orderFor({ modelName: model, point, protocol, repetitions: 2 }),
      portsFor(url),
    );
    expect(story(result)).toBe("");
    expect(result.samples.map(({ kind, generatedTokens }) => [kind, generatedTokens])).toEqual([
      [SampleKind.FILLED, 64],
      [SampleKind.SHORTER, 32],
      [SampleKind.FILLED, 64],
      [SampleKind.SHORTER, 32],
    ]);
    const [filled, shorter] = result.samples;
    // One token at least is computed again, to have something to choose from; here it is just that one.
    expect([filled?.promptTokens, shorter?.promptTokens, shorter?.cachedTokens]).toEqual([3686, 3686, 3685]);
    expect(shorter?.ttftMs).toBeLessThan(0.3 * (filled?.ttftMs ?? 0));
    const [, view] = expandSharedFills(result);
    expect(view?.samples.map(({ ttftMs, decodeTokensPerSecond }) => [ttftMs, decodeTokensPerSecond])).toEqual(
      [0, 2].map((at) => [result.samples[at]?.ttftMs, result.samples[at + 1]?.decodeTokensPerSecond]),
    );
  });

  it("measures the rest of the protocol in one load: depths, a warm prefix, a sustained run", async () => {
    const point = { numCtx: 1024, numBatch: 512, numThread: 1, numPredict: 32 };
    const protocol = { depths: [0.25], warmPrefix: true, sustainedMs: 500 };
    const result = await runTrial(orderFor({ modelName: model, point, protocol }), portsFor(url));
    // Not that nothing is said: within a second this machine may really slow down, and the trial then warns.
    expect(failedCodes(result), story(result)).toEqual([]);
    expect(result.verdict).toBe(Verdict.VALID);
    const kinds = result.samples.map(({ kind }) => kind).slice(0, 4);
    expect(kinds).toEqual([
      SampleKind.FILLED,
      SampleKind.WARM_PREFIX,
      SampleKind.DEPTH,
      SampleKind.SUSTAINED,
    ]);
    const [filled, warm] = result.samples;
    expect(warm?.checks.find(({ code }) => code === "no_prefix_cache")).toMatchObject({ passed: true });
    expect(warm?.ttftMs).toBeLessThan(filled?.ttftMs ?? 0);
    expect(result.sustained?.samples).toBeGreaterThanOrEqual(3);
  });

  it.each([1, 2])("gives two requests on %d slots what came out of it together", async (slots) => {
    const own = slots === 1 ? engine : await startEngine({ OLLAMA_NUM_PARALLEL: String(slots) });
    try {
      const point = { numCtx: 1024, numBatch: 512, numThread: 1, numPredict: 48, concurrency: 2 };
      const result = await runTrial(orderFor({ modelName: model, point }), portsFor(own.url));
      expect(story(result)).toBe("");
      expect(result.verdict).toBe(Verdict.VALID);
      const [round] = result.rounds;
      const alone = Math.max(...result.samples.map((one) => one.decodeTokensPerSecond ?? 0));
      expect(round).toMatchObject({ requests: 2 });
      expect(round?.decodeTokensPerSecond).toBeGreaterThan(0);
      if (slots === 1) expect(round?.decodeTokensPerSecond).toBeLessThan(alone);
      expect(round?.decodeTokensPerSecond).toBeLessThan(2.05 * alone);
    } finally {
      if (own !== engine) await stopEngine(own);
    }
  });

  it("carries what it saw of the machine: memory before and at the worst, the engine's peak, and no made-up zeros", async () => {
    const watched = { conditions: conditionsOf(url), sampler: samplerOf(url) };
    const result = await runTrial(order(1024, 2), portsFor(url, watched));
    const { memory, conditions, samples } = result;
    expect(result.failure, story(result)).toBeUndefined();
    if (process.platform === "linux") {
      const [before, least] = [Number(memory?.availableBytes), Number(memory?.leastAvailableBytes)];
      expect(before).toBeGreaterThan(0);
      expect(least).toBeGreaterThan(0);
      // The engine's own processes at least, and far from what a machine has.
      expect(Number(memory?.peakPssBytes)).toBeGreaterThan(Number(memory?.sizeBytes));
      expect(Number(memory?.peakPssBytes)).toBeLessThan(before);
      expect(conditions?.foreignLoadCores).toBeGreaterThanOrEqual(0);
      expect(conditions?.watchingMs).toBeGreaterThan(0);
    }
    const where = samples.map(({ energyJoules }) => energyJoules);
    const { clockMhz, peakTemperatureCelsius, temperatureCelsius } = conditions ?? {};
    for (const value of [clockMhz, peakTemperatureCelsius, temperatureCelsius, ...where]) {
      if (value !== undefined) expect(value).toBeGreaterThan(0);
    }
    expect(memory?.peakVramBytes ?? 1n).toBeGreaterThan(0n);
    for (const sample of samples) {
      const throttling = sample.checks.find(({ code }) => code === "unthrottled");
      expect(throttling?.detail).not.toBe("");
      expect(unknownCodes(sample)).not.toContain("uncontended");
    }
  });

  it("leaves nothing loaded", async () => {
    const models = await listModels(url, never);
    expect(models.filter(({ loaded }) => loaded)).toEqual([]);
  });
});

describe("an address without an engine", () => {
  it("is described by why it can't be used", async () => {
    const nobody = await describeEngine("http://127.0.0.1:1", never);
    expect(nobody).toMatchObject({ reachable: false, version: "" });
    expect(nobody.problem).toContain("No Ollama answers at the address");
  });
});
