// Whole trials on a real Ollama, of whatever version is installed: `ollama` on PATH, or the program OZONE_OLLAMA names.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { create } from "@bufbuild/protobuf";
import { EngineKind, EngineSchema, Provenance } from "@ozone/proto/machine";
import { type TrialResult, Verdict } from "@ozone/proto/trial";
import { configuration } from "@ozone/shared/configuration";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { applyPreset } from "./applying/apply-preset.ts";
import { presetFor, ttftGain } from "./applying/preset-material.ts";
import { rollBack } from "./applying/roll-back.ts";
import type { BenchDocument } from "./bench/bench-document.ts";
import {
  ollamaProgram,
  REAL_MODEL,
  type RealOllama,
  startRealOllama,
} from "./measure/real-ollama-material.ts";
import { countsLastBatchOnly } from "./measure/timings.ts";
import {
  failedCodes,
  newFolder,
  type OrderChange,
  orderFor,
  portsFor,
  removeFolders,
  story,
  unknownCodes,
} from "./measure/trial-material.ts";
import { describeEngine, listModels } from "./ollama/describe-engine.ts";
import { EngineClient } from "./ollama/engine-client.ts";
import { runTrial } from "./run-trial.ts";

const agentScript = fileURLToPath(new URL("../bin/ozone-agent.js", import.meta.url));
const program = ollamaProgram();
const never = new AbortController().signal;

describe.skipIf(program === null)("the agent (needs a real Ollama)", () => {
  let ollama: RealOllama;
  let dataDir = "";
  const ports = () => portsFor(ollama.url);

  beforeAll(async () => {
    dataDir = newFolder();
    ollama = await startRealOllama(program ?? "");
  });
  afterAll(async () => {
    await ollama?.stop();
    removeFolders();
  });
  afterEach(async () => {
    await ollama.ask("POST", "/api/generate", { model: REAL_MODEL, keep_alive: 0 });
    await ollama.untilLoaded([]);
  });

  const trial = (change: OrderChange): Promise<TrialResult> =>
    runTrial(orderFor({ modelName: REAL_MODEL, ...change }), ports());
  const knownOf = (version: string): string[] => (countsLastBatchOnly(version) ? ["prefill_from_total"] : []);
  /** A story without what is known of this version. */
  const unexpected = (result: TrialResult): string =>
    story({
      ...result,
      warnings: result.warnings.filter(({ code }) => !knownOf(ollama.version).includes(code)),
    });
  const detail = (result: TrialResult, code: string): string =>
    result.samples[0]?.checks.find((check) => check.code === code)?.detail ?? "";

  it("knows its version, and the model for a synthetic one", async () => {
    expect(await describeEngine(ollama.url, never)).toEqual({
      kind: EngineKind.OLLAMA,
      version: ollama.version,
      reachable: true,
      problem: "",
    });
    const [model] = await listModels(ollama.url, never);
    expect(model).toMatchObject({
      name: REAL_MODEL,
      synthetic: true,
      trainedContext: 131_072,
      loaded: false,
    });
    expect(model?.kvBytesPerToken).toBe(1024n);
  });

  it("fills the context exactly, passes every check that can be made, and leaves nothing loaded", async () => {
    const result = await trial({ repetitions: 3, launches: 2, point: { numThread: 1, numPredict: 96 } });
    expect(unexpected(result), ollama.log()).toBe("");
    expect(result.verdict).toBe(Verdict.VALID);
    expect(result.provenance).toBe(Provenance.SYNTHETIC);
    expect(result.context).toMatchObject({
      requested: 2048,
      allocated: 2048,
      promptTokens: 1843,
      filled: true,
      trained: 131_072,
    });
    expect(result.samples).toHaveLength(6);
    for (const sample of result.samples) {
      expect(sample).toMatchObject({ promptTokens: 1843, generatedTokens: 96 });
      expect(["uncontended", "unthrottled", "kv_type_effective"]).toEqual(
        expect.arrayContaining(unknownCodes(sample)),
      );
    }
    await ollama.untilLoaded([]);
  });

  it("sees that num_batch and num_thread have an effect, and the type of the KV cache", async () => {
    const result = await trial({ point: { numThread: 1, numBatch: 128 } });
    expect(unexpected(result)).toBe("");
    expect(detail(result, "options_effective")).toBe(
      "num_batch 32 instead of 128 loads the model anew; num_thread 2 instead of 1 loads the model anew",
    );
    // What /api/ps calls the size of a model is an estimate in older versions, beside which a small cache is lost.
    expect(detail(result, "kv_type_effective")).toMatch(
      /^f16, none asked for|^the type .* is not known: from num_ctx/,
    );
  });

  it("measures two requests at a time", async () => {
    const result = await trial({ point: { concurrency: 2, numThread: 1 } });
    if (countsLastBatchOnly(ollama.version)) {
      expect(failedCodes(result)).toEqual(["clocks_agree"]);
      return;
    }
    expect(result.samples).toHaveLength(2);
    expect(story(result)).toBe("");
    expect(result.verdict).toBe(Verdict.VALID);
  });

  it("loads again what its user had loaded, with the same context", async () => {
    await ollama.ask("POST", "/api/generate", { model: REAL_MODEL, options: { num_ctx: 512 } });
    const result = await trial({ point: { numThread: 1 } });
    expect(result.verdict, story(result)).toBe(Verdict.VALID);
    expect(result.warnings.map(({ code }) => code)).toContain("model_was_loaded");
    expect(await ollama.loaded()).toMatchObject([{ name: REAL_MODEL, context_length: 512 }]);
  });

  it("does so for another name of the same weights as well, and keeps it for as long as it was to be kept", async () => {
    await ollama.ask("POST", "/api/create", {
      model: "mine",
      from: REAL_MODEL,
      parameters: { seed: 1 },
      stream: false,
    });
    await ollama.ask("POST", "/api/generate", { model: "mine", keep_alive: -1, options: { num_ctx: 512 } });
    const result = await trial({ point: { numThread: 1 } });
    expect(result.verdict, story(result)).toBe(Verdict.VALID);
    const [restored] = await ollama.loaded();
    expect(restored).toMatchObject({ name: "mine:latest", context_length: 512 });
    expect(Number.parseInt(restored?.expires_at ?? "", 10)).toBeGreaterThan(2200);
  });

  it("says of a model that is not installed that it is missing", async () => {
    const result = await trial({ modelName: "nobody:7b" });
    expect(result.failure).toMatchObject({ failureClass: "model_missing" });
    expect(result.failure?.message).toContain(REAL_MODEL);
  });

  it("says of a context beyond the trained one that it is too large, without loading it", async () => {
    const result = await trial({ point: { numCtx: 262_144 } });
    expect(result.failure).toMatchObject({ failureClass: "context_too_large" });
    expect(await ollama.loaded()).toEqual([]);
  });

  it("is refused a prompt that is longer than the context instead of having it cut", async () => {
    const request = {
      model: REAL_MODEL,
      prompt: "the ".repeat(600),
      options: { num_ctx: 512, num_predict: 8 },
      phase: "run",
    } as const;
    const refused = new EngineClient(ollama.url).generate(request, { signal: never, limitMs: 20_000 });
    await expect(refused).rejects.toMatchObject({ failureClass: "context_too_large" });
  });

  it("applies a preset under a name that is taken, and rolls back to what had it, byte for byte", async () => {
    await ollama.ask("POST", "/api/create", {
      model: "taken",
      from: REAL_MODEL,
      parameters: { seed: 2 },
      stream: false,
    });
    const installed = async () =>
      Object.fromEntries(
        (await new EngineClient(ollama.url).installed(never)).map((one) => [one.name, one.digest]),
      );
    const untouched = await installed();
    const preset = presetFor(
      { version: ollama.version, digest: untouched[REAL_MODEL] ?? "" },
      {
        engine: create(EngineSchema, { kind: EngineKind.OLLAMA, version: ollama.version }),
        // A prompt of a quarter of the length comes sooner on any build of Ollama.
        defaultConfiguration: configuration({ numCtx: 4096, numBatch: 256, numThread: 1, numPredict: 16 }),
        gains: [ttftGain(0.97)],
      },
    );
    const ports = portsFor(ollama.url);
    const applied = await applyPreset(
      { preset, as: "taken", replace: true, despiteChanges: false },
      {
        engine: new EngineClient(ollama.url),
        folder: ports.cacheDir,
        hardwareClass: preset.hardwareClass,
        signal: never,
        say: () => undefined,
        measure: ({ optionsInModel, configuration: point, ...side }) => {
          const order = { ...orderFor({ ...side, repetitions: 3 }), configuration: point };
          return runTrial(order, { ...ports, optionsInModel });
        },
      },
    );
    expect(applied.outcome, applied.evidence.because.join(" ")).toBe("kept");
    // Clocks that disagree once are this machine's and this version's; everything else would be the derived model's.
    expect(applied.evidence.refusedBecause.filter((one) => !one.startsWith("clocks_agree"))).toEqual([]);
    const { [applied.backupName ?? ""]: backup, ...others } = await installed();
    expect(backup).toBe(untouched["taken:latest"]);
    expect(others).toEqual({ ...untouched, "taken:latest": applied.digest });
    await rollBack("taken", {
      engine: new EngineClient(ollama.url),
      folder: ports.cacheDir,
      say: () => undefined,
    });
    expect(await installed()).toEqual(untouched);
  });

  it("finds that a model does not carry the options that it is said to carry", async () => {
    const parameters = { num_ctx: 1024, num_batch: 64, num_thread: 1 };
    await ollama.ask("POST", "/api/create", { model: "other", from: REAL_MODEL, parameters, stream: false });
    const order = (numBatch: number) =>
      orderFor({ modelName: "other", point: { numCtx: 1024, numThread: 1, numPredict: 16, numBatch } });
    const carried = portsFor(ollama.url, { optionsInModel: true });
    expect((await runTrial(order(256), carried)).failure).toMatchObject({ failureClass: "option_refused" });
    expect((await runTrial(order(64), carried)).failure).toBeUndefined();
    await ollama.ask("DELETE", "/api/delete", { model: "other" });
  });

  it("cleans up what a killed one left loaded when it starts again, and prints one honest trial", async () => {
    const flags = [
      "--ollama-url",
      ollama.url,
      "--model",
      REAL_MODEL,
      "--num-ctx",
      "2048",
      "--num-thread",
      "1",
    ];
    const bench = (more: readonly string[]) =>
      spawn(process.execPath, [agentScript, "bench", ...flags, ...more], {
        env: { ...process.env, OZONE_DATA_DIR: dataDir },
        stdio: ["ignore", "pipe", "pipe"],
      });
    const killed = bench(["--repetitions", "32"]);
    await ollama.untilLoaded([REAL_MODEL]);
    killed.kill("SIGKILL");
    await once(killed, "exit");
    expect((await ollama.loaded()).map(({ name }) => name)).toEqual([REAL_MODEL]);
    const next = bench(["--json"]);
    const [stdout, stderr] = [next.stdout.toArray(), next.stderr.toArray()];
    const [code] = await once(next, "exit");
    const document = JSON.parse(Buffer.concat(await stdout).toString("utf8")) as BenchDocument;
    expect(Buffer.concat(await stderr).toString("utf8")).toContain(
      "was left loaded by a trial that was interrupted",
    );
    expect([code, document.verdict], JSON.stringify(document.checks)).toEqual([0, "valid"]);
    expect(document.engine).toEqual({ kind: "ollama", version: ollama.version });
    expect(document.provenance).toBe("synthetic");
    expect(document.context).toMatchObject({ promptTokens: 1843, filled: true });
    await ollama.untilLoaded([]);
  });
});
