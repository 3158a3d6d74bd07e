// Material for the tests of this room: presets, a reference engine of their own, and launches that nobody measured.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { create } from "@bufbuild/protobuf";
import { EngineKind, EngineSchema, Provenance } from "@ozone/proto/machine";
import { type Gain, GainSchema, type Preset, PresetSchema } from "@ozone/proto/preset";
import { SampleSchema, type TrialResult, TrialResultSchema } from "@ozone/proto/trial";
import { configuration } from "@ozone/shared/configuration";
import type { Side } from "./re-measure.ts";

const engineScript = fileURLToPath(new URL("../../../engine/bin/ozone-engine.js", import.meta.url));

/** The reference engine's only model. */
export const MODEL = "ozone-synthetic:4m";

/** A reference engine that runs. */
export interface RunningEngine {
  readonly url: string;
  /** It answers nothing until it is resumed. */
  pause(): void;
  resume(): void;
  stop(): Promise<void>;
}

/** Starts one on a free port. */
export async function startEngine(dataDir: string): Promise<RunningEngine> {
  const child = spawn(process.execPath, [engineScript, "serve", "--port", "0", "--data-dir", dataDir], {
    stdio: ["ignore", "pipe", "ignore"],
    env: { ...process.env, OLLAMA_NUM_PARALLEL: "1" },
  });
  const ready = Promise.race([
    once(child.stdout as NonNullable<ChildProcess["stdout"]>, "data"),
    once(child, "exit").then(([code]) => {
      throw new Error(`The engine ended with ${code} before it was ready; is it built?`);
    }),
  ]);
  const { listening } = JSON.parse(String((await ready)[0])) as { listening: string };
  return {
    url: listening,
    pause: () => child.kill("SIGSTOP"),
    resume: () => child.kill("SIGCONT"),
    async stop() {
      if (child.exitCode !== null) return;
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      await ended;
    },
  };
}

/** What the server says of itself and of one model. */
export async function seenAt(url: string, name: string): Promise<{ version: string; digest: string | null }> {
  const { version } = (await (await fetch(`${url}/api/version`)).json()) as { version: string };
  return { version, digest: (await namesAt(url))[name] ?? null };
}

/** Names with their digests. */
export async function namesAt(url: string): Promise<Record<string, string>> {
  const { models } = (await (await fetch(`${url}/api/tags`)).json()) as {
    models: { name: string; digest: string }[];
  };
  return Object.fromEntries(models.map(({ name, digest }) => [name, digest]));
}

/** A gain in the time to first token, known within a tenth. */
export const ttftGain = (ratio: number): Gain =>
  create(GainSchema, {
    metric: "ttft_ms",
    ratio,
    ciLow: 0.95 * ratio,
    ciHigh: 1.05 * ratio,
    verdict: "better",
  });

/** A preset of the reference engine's model: it promises that a large batch answers sooner than a small one. */
export function presetFor(
  { version, digest }: { version: string; digest: string | null },
  change: Partial<Omit<Preset, "$typeName" | "$unknown">> = {},
): Preset {
  const point = { numCtx: 1024, numThread: 1, numPredict: 16 };
  return create(PresetSchema, {
    hardwareClass: "test-class",
    modelName: MODEL,
    modelDigest: digest ?? "",
    engine: create(EngineSchema, { kind: EngineKind.REFERENCE, version }),
    purpose: "fast_response",
    configuration: configuration({ ...point, numBatch: 256 }),
    // Not only slower: so much slower that it is seen on a busy machine too.
    defaultConfiguration: configuration({ ...point, numBatch: 1 }),
    provenance: Provenance.SYNTHETIC,
    gains: [ttftGain(0.9)],
    ...change,
  });
}

/** A launch with three samples that take so long. Simulated: for tests of what follows from figures. */
export function launchOf({ configuration: point, modelName }: Side, ttftMs: number): TrialResult {
  const samples = [0, 0.01, -0.01].map((off) =>
    create(SampleSchema, {
      valid: true,
      decodeTokensPerSecond: 6400 * (1 + off),
      ttftMs: ttftMs * (1 + off),
    }),
  );
  return create(TrialResultSchema, {
    modelName,
    configuration: point,
    samples,
    context: { requested: point.numCtx, allocated: point.numCtx, filled: true },
    provenance: Provenance.SIMULATED,
  });
}
