// Material for the tests of the checks: one honest sample in an honest attempt, to be spoilt in one place at a time.
import { SampleKind } from "@ozone/proto/trial";
import { configuration } from "@ozone/shared/configuration";
import type { LoadedModel } from "../../ollama/engine-state.ts";
import { modelDetailsOf } from "../../ollama/model-details.ts";
import type { StreamRecord } from "../../ollama/stream-record.ts";
import type { EngineSnapshot, SampleEvidence } from "../evidence.ts";
import { serverFiguresOf, timingsOf } from "../timings.ts";
import type { AttemptFacts, SampleFacts, WarmUpFacts } from "./facts.ts";

/** A model of 100 MB per token on a machine of 20 GB/s: at most 400 tokens/s by its memory, 2 times the probe's. */
const SIZE_BYTES = 200_000_000;
const STEP_MS = 10;
const PREFILL_MS = 1000;
const LOAD_MS = 2;

/** The loaded model as /api/ps shows it. */
export const loadedModel: LoadedModel = {
  name: "model:latest",
  digest: "d".repeat(64),
  contextLength: 2048,
  sizeBytes: 300_000_000,
  sizeVramBytes: 0,
  expiresAtMs: null,
  effective: { num_batch: 512, kv_cache_type: "f16" },
};

const installed = {
  name: "model:latest",
  digest: "d".repeat(64),
  sizeBytes: SIZE_BYTES,
  family: "llama",
  parameterSize: "200M",
  quantization: "Q8_0",
};

/** The server around an honest sample. */
export const honestSnapshot: EngineSnapshot = {
  version: "0.24.0",
  loaded: [loadedModel],
  installed: [installed],
};

/** The last line of an honest answer of `tokens` tokens. */
export const honestDone = (tokens = 64): Record<string, unknown> => ({
  done: true,
  done_reason: "length",
  prompt_eval_count: 1843,
  prompt_eval_duration: PREFILL_MS * 1e6,
  eval_count: tokens,
  eval_duration: (tokens - 1) * STEP_MS * 1e6,
  load_duration: LOAD_MS * 1e6,
  total_duration: (LOAD_MS + PREFILL_MS + (tokens - 1) * STEP_MS + 1) * 1e6,
});

/** An honest stream of `tokens` tokens, one chunk each. */
export function honestStream(tokens = 64): StreamRecord {
  const firstMs = 5000 + LOAD_MS + PREFILL_MS + 2;
  const textTimesMs = Array.from({ length: tokens }, (_, at) => firstMs + at * STEP_MS);
  return {
    startedAtMs: 5000,
    textTimesMs,
    textBytes: 6 * tokens,
    doneAtMs: firstMs + (tokens - 1) * STEP_MS + 1,
    done: honestDone(tokens),
    lines: tokens + 1,
    linesAfterDone: 0,
    error: null,
    problems: [],
  };
}

/** Honest evidence with some of it changed. */
export const evidence = (change: Partial<SampleEvidence> = {}): SampleEvidence => ({
  kind: SampleKind.FILLED,
  launch: 0,
  round: 0,
  intendedAtMs: 5000,
  startedAt: new Date(0),
  promptTokens: 1843,
  repeatedTokens: 0,
  numPredict: 64,
  atOnce: 1,
  stream: honestStream(),
  refusal: null,
  before: honestSnapshot,
  after: honestSnapshot,
  resources: { peakPssBytes: null, foreignLoadCores: 0.01, contended: false, throttled: false },
  ownDelayMs: 1,
  ...change,
});

/** Evidence with what follows from it. */
export const sampleOf = (one: SampleEvidence): SampleFacts => ({
  evidence: one,
  figures: serverFiguresOf(one.stream.done),
  timings: timingsOf(one.stream),
});

/** Evidence whose last line has some fields changed. */
export const withDone = (change: Record<string, unknown>): SampleEvidence =>
  evidence({ stream: { ...honestStream(), done: { ...honestDone(), ...change } } });

/** What the model showed with short prompts. */
export const honestWarmUp: WarmUpFacts = {
  prefill: 1500,
  decode: 110,
  batchMs: 85,
  bytesPerToken: 6,
  singleTokenBytes: 6,
  loadMs: 1,
};

/** An honest attempt around samples. */
export const attempt = (
  samples: readonly SampleFacts[],
  change: Partial<AttemptFacts> = {},
): AttemptFacts => ({
  configuration: configuration({ numCtx: 2048, numBatch: 512, numPredict: 64 }),
  model: installed,
  details: modelDetailsOf(null, installed),
  machine: {
    machineId: "m",
    hardwareClass: "c",
    agentVersion: "0",
    memoryBandwidthBytesPerSecond: 20e9,
    cacheBytes: 8e6,
    peakFlops: null,
  },
  engineVersion: "0.24.0",
  loads: [{ launch: 0, clientMs: 900, serverMs: 800, state: loadedModel }],
  loadedBefore: [],
  conditions: null,
  warmUp: honestWarmUp,
  shortPrompt: null,
  halfPrompt: null,
  optionProbes: null,
  logged: null,
  overheadTokens: 1,
  exactLengths: true,
  samples,
  ...change,
});
