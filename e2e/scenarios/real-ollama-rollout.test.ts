// Roll-outs on a real Ollama, of whatever version is installed (`ollama` on PATH, or the program that OZONE_OLLAMA names):
// real processes and real inference on a small synthetic model, applied, re-measured, kept or rolled back, and undone.
import { create } from "@bufbuild/protobuf";
import { EngineKind, EngineSchema } from "@ozone/proto/machine";
import type { Rollout } from "@ozone/proto/rollout";
import { configuration } from "@ozone/shared/configuration";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { namesAt, presetFor, ttftGain } from "../../packages/agent/src/applying/preset-material.ts";
import {
  ollamaProgram,
  REAL_MODEL,
  type RealOllama,
  startRealOllama,
} from "../../packages/agent/src/measure/real-ollama-material.ts";
import { removeFolders } from "../../packages/agent/src/measure/trial-material.ts";
import { Stack, type StackAgent } from "../setup/stack.ts";
import { classOf, storePreset } from "../setup/store-preset.ts";

const program = ollamaProgram();
const NAME = "taken:1";
const point = (numCtx: number) => configuration({ numCtx, numBatch: 256, numThread: 1, numPredict: 16 });

describe.skipIf(program === null)("a roll-out on a machine with its Ollama (needs a real Ollama)", () => {
  let ollama: RealOllama;
  let stack: Stack;
  let agent: StackAgent;
  let untouched: Record<string, string>;

  beforeAll(async () => {
    [stack, ollama] = await Promise.all([Stack.start(), startRealOllama(program ?? "")]);
    const parameters = { seed: 2 };
    await ollama.ask("POST", "/api/create", { model: NAME, from: REAL_MODEL, parameters, stream: false });
    untouched = await namesAt(ollama.url);
    agent = await stack.startAgent("lab-1", ollama.url);
  });
  afterAll(async () => {
    await stack?.stop();
    await ollama?.stop();
    removeFolders();
  });

  /** A preset that promises so many times the default's time to first token; a shorter prompt comes sooner anywhere. */
  async function store(purpose: string, contexts: { preset: number; base: number; promised: number }) {
    const seen = { version: ollama.version, digest: untouched[REAL_MODEL] ?? "" };
    const preset = presetFor(seen, {
      ...{ purpose, hardwareClass: await classOf(stack) },
      engine: create(EngineSchema, { kind: EngineKind.OLLAMA, version: ollama.version }),
      configuration: point(contexts.preset),
      defaultConfiguration: point(contexts.base),
      gains: [ttftGain(contexts.promised)],
    });
    await storePreset(stack, preset);
  }

  /** Rolls it out and follows it. */
  async function rollOut(purpose: string) {
    const words = ["preset", "rollout", REAL_MODEL, "--purpose", purpose, "--as", NAME, "--replace"];
    const { code, stdout, stderr } = await stack.ozone([...words, "--yes", "--json", "--quiet-wait", "0s"]);
    const seen = `${stdout}${stderr}${agent.process.output}${ollama.log()}`;
    const { rollout } = JSON.parse(stdout) as { rollout: Rollout };
    const [target] = rollout.targets;
    // What a run printed is worth keeping where versions differ.
    process.stdout.write(`ollama ${ollama.version}: ${target?.state}: ${target?.because}\n`);
    return { code, seen, rollout, target };
  }

  it("is kept where the machine's own measurement confirms it, and undone byte for byte", async () => {
    await store("fast_response", { preset: 1024, base: 4096, promised: 0.97 });
    const { code, seen, rollout, target } = await rollOut("fast_response");
    expect([code, target?.state], seen).toEqual([0, "kept"]);
    const { measured = [], samplesDerived, samplesDefault, digest, backupName } = target?.outcome ?? {};
    expect(measured.map(({ metric }) => metric)).toContain("ttft_ms");
    expect(Math.min(samplesDerived ?? 0, samplesDefault ?? 0)).toBeGreaterThan(2);
    const names = { ...untouched, [NAME]: digest, [backupName ?? ""]: untouched[NAME] };
    expect(await namesAt(ollama.url)).toEqual(names);
    const undone = await stack.ozone(["rollout", "undo", rollout.id]);
    expect([undone.code, undone.stdout]).toEqual([
      0,
      expect.stringMatching(/lab-1 \(canary\) +taken back +unchanged/),
    ]);
    expect(await namesAt(ollama.url)).toEqual(untouched);
    expect(await ollama.loaded()).toEqual([]);
  });

  it("is rolled back where the promised gain is not there, with nothing changed", async () => {
    await store("balanced", { preset: 4096, base: 1024, promised: 0.5 });
    const { code, seen, target } = await rollOut("balanced");
    expect([code, target?.state], seen).toEqual([3, "rolled back"]);
    expect(await namesAt(ollama.url)).toEqual(untouched);
    expect(await ollama.loaded()).toEqual([]);
  });
});
