// A small report with everything in it that renderers must cope with: three presets, a grid with intervals, a
// screened point, a rejected sample, a failure, two machines of different classes.
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { Purpose } from "@ozone/proto/configuration";
import { EngineKind, MachineSchema, Provenance } from "@ozone/proto/machine";
import { type Figures, FiguresSchema, type Preset, PresetSchema } from "@ozone/proto/preset";
import {
  type MeasuredConfiguration,
  MeasuredConfigurationSchema,
  type Report,
  ReportSchema,
} from "@ozone/proto/report";
import { type TrialResult, TrialResultSchema, Verdict } from "@ozone/proto/trial";
import { configuration } from "@ozone/shared/configuration";

export const MODEL = "ozone-synthetic:30m";
export const HARDWARE_CLASS = "amd-epyc-2c-avx512-24gb-linux";
export const MACHINE_ID = "m-1f2e3d4c5b";
const DIGEST = `sha256:${"0123456789abcdef".repeat(4)}`;
const engine = { kind: EngineKind.REFERENCE, version: "0.1.0" };
const at = timestampFromDate(new Date("2026-11-23T06:00:00Z"));

export const point = (numCtx: number, numBatch = 512, numThread = 1) =>
  configuration({ numCtx, numBatch, numThread, numPredict: 128 });

const figure = (median: number, n: number) =>
  n < 2
    ? { median, n, method: "none" }
    : {
        median,
        n,
        ciLow: median * 0.97,
        ciHigh: median * 1.02,
        method: n < 6 ? "t-on-log" : "order-statistics",
      };

const figures = (numCtx: number, n: number, factor = 1): Figures =>
  create(FiguresSchema, {
    decodeTokensPerSecond: figure((factor * 400_000) / (numCtx + 900), n),
    prefillTokensPerSecond: figure((factor * 9_000_000) / (numCtx + 3000), n),
    ttftMs: figure((numCtx * (numCtx + 3000)) / 11_000 / factor, n),
    loadMs: figure(161, 2),
  });

/** A preset as the coordinator makes it. */
export const preset = (values: Partial<Preset>): Preset => Object.assign(basePreset(), values);

const basePreset = (): Preset =>
  create(PresetSchema, {
    hardwareClass: HARDWARE_CLASS,
    modelName: MODEL,
    modelDigest: DIGEST,
    quantization: "Q8_0",
    engine,
    configuration: point(4096),
    defaultConfiguration: point(4096, 512, 2),
    figures: figures(4096, 6),
    stability: {
      successes: 6,
      runs: 6,
      bound: 0.607,
      words: "6/6, at least 61 % (95 % conf.)",
      grade: "preliminary",
    },
    status: "preliminary",
    provenance: Provenance.SYNTHETIC,
    warnings: ["single source: one machine of this hardware class was measured."],
    runnerUp: {
      configuration: point(4096, 256),
      whyItLost: "2710 ms for a 64-token answer, against 2450 ms for a 64-token answer",
    },
    gains: [
      { metric: "decode_tokens_per_second", ratio: 1.18, ciLow: 1.1, ciHigh: 1.26, verdict: "better" },
      { metric: "ttft_ms", ratio: 0.99, ciLow: 0.97, ciHigh: 1.01, verdict: "tie" },
    ],
    evidence: ["t-01/1", "t-02/1"],
    machineIds: [MACHINE_ID],
    refreshedAt: at,
    objective: "the shortest wait for a 64-token answer with the context filled, num_ctx at least 4096",
  });

export const PRESETS: readonly Preset[] = [
  preset({ purpose: "fast_response" }),
  preset({ purpose: "balanced", configuration: point(8192), figures: figures(8192, 6) }),
  preset({
    purpose: "max_context",
    configuration: point(16384),
    figures: figures(16384, 4),
    warnings: [
      "limited by time, not by memory: filling a larger num_ctx would have taken too long for the time box.",
    ],
  }),
];

const FACTS = {
  hostId: "0".repeat(32),
  os: { family: "linux", release: "12", arch: "x64" },
  cpu: {
    vendor: "AuthenticAMD",
    brand: "AMD EPYC",
    physicalCores: 2,
    logicalCores: 2,
    usableCores: 2,
    isaTier: "avx512",
    features: ["avx512f"],
    l3Bytes: 33_554_432,
  },
  memory: {
    totalBytes: 25_769_803_776,
    limitBytes: null,
    bandwidthBytesPerSecond: 2.1e10,
    cacheBandwidthBytesPerSecond: null,
    bandwidthMethod: "memchr",
  },
  gpus: [],
  virtualised: true,
  powerSource: "mains",
  numaNodes: 1,
  notes: ["The log /home/alice/.ollama/logs on lab-pc-17 can't be read."],
};

export const MACHINE = create(MachineSchema, {
  id: MACHINE_ID,
  name: "lab-pc-17",
  hostId: FACTS.hostId,
  hardwareClass: HARDWARE_CLASS,
  factsJson: JSON.stringify(FACTS),
  engine,
  models: [
    {
      name: MODEL,
      digest: DIGEST,
      sizeBytes: 29_700_000n,
      quantization: "Q8_0",
      synthetic: true,
      trainedContext: 32_768,
    },
  ],
  agentVersion: "0.1.0",
  status: "online",
  activity: "idle",
  lastSeenAt: at,
  tags: ["gpu", "room-12"],
});

const measured = (
  numCtx: number,
  {
    batch = 512,
    factor = 1,
    ...values
  }: Partial<MeasuredConfiguration> & { batch?: number; factor?: number } = {},
): MeasuredConfiguration =>
  Object.assign(
    create(MeasuredConfigurationSchema, {
      machineId: MACHINE_ID,
      modelName: MODEL,
      configuration: point(numCtx, batch),
      figures: figures(numCtx, values.validSamples ?? 6, factor),
      validSamples: 6,
      purposes: [Purpose.SCREEN, Purpose.CONFIRM],
      engine,
      provenance: Provenance.SYNTHETIC,
    }),
    values,
  );

/** One attempt with two samples, the second of which failed a check. */
export const RESULT: TrialResult = create(TrialResultSchema, {
  trialId: "t-01",
  attempt: 1,
  machineId: MACHINE_ID,
  sweepId: "s-0123456789",
  verdict: Verdict.REJECTED,
  modelName: MODEL,
  modelDigest: DIGEST,
  configuration: point(8192),
  protocol: { fill: 0.9, repetitions: 2, launches: 1 },
  purpose: Purpose.CONFIRM,
  samples: [
    {
      index: 0,
      valid: true,
      checks: [
        { code: "prompt_tokens_match", passed: true, detail: "7372 of 7372" },
        { code: "kv_type_effective", detail: "the server does not say" },
      ],
      promptTokens: 7372,
      generatedTokens: 128,
      decodeTokensPerSecond: 43.9,
      prefillTokensPerSecond: 804.1,
      ttftMs: 9168.2,
      evalNs: 2_893_000_000n,
    },
    {
      index: 1,
      valid: false,
      checks: [{ code: "no_prefix_cache", passed: false, detail: "3 tokens came from a cache" }],
      promptTokens: 7372,
      generatedTokens: 128,
    },
  ],
  context: { requested: 8192, allocated: 8192, promptTokens: 7372, filled: true },
  loadMs: [161.2],
  memory: { sizeBytes: 61_000_000n },
  conditions: {
    engine,
    modelDigest: DIGEST,
    quantization: "Q8_0",
    loadAverage: 0.42,
    powerSource: "mains",
    contended: true,
  },
  provenance: Provenance.SYNTHETIC,
  hardwareClass: HARDWARE_CLASS,
  startedAt: at,
  elapsedMs: 25_000,
  agentVersion: "0.1.0",
});

export const FAILED: TrialResult = create(TrialResultSchema, {
  trialId: "t-09",
  attempt: 2,
  machineId: MACHINE_ID,
  sweepId: "s-0123456789",
  verdict: Verdict.FAILED,
  failure: {
    failureClass: "out_of_memory_load",
    message: "llama runner on lab-pc-17: failed to allocate 8 GiB",
  },
  modelName: MODEL,
  modelDigest: DIGEST,
  configuration: point(32768),
  protocol: { fill: 0.9, repetitions: 2, launches: 1 },
  purpose: Purpose.SCREEN,
  conditions: { engine, quantization: "Q8_0", powerSource: "mains" },
  provenance: Provenance.SYNTHETIC,
  hardwareClass: HARDWARE_CLASS,
});

/** The whole report; values replace its parts. */
export const sampleReport = (values: MessageInitShape<typeof ReportSchema> = {}): Report =>
  create(ReportSchema, {
    title: "Sweep quickstart",
    builtAt: at,
    ozoneVersion: "0.1.0",
    provenance: Provenance.SYNTHETIC,
    machines: [MACHINE],
    presets: [...PRESETS],
    configurations: [
      measured(2048),
      measured(4096),
      measured(8192),
      measured(12288, { validSamples: 1, purposes: [Purpose.SCREEN] }),
      measured(16384, { validSamples: 4, rejectedSamples: 1 }),
      measured(2048, { batch: 256, factor: 0.94 }),
      measured(4096, { batch: 256, factor: 0.93 }),
      measured(8192, { batch: 256, factor: 0.9 }),
      measured(4096, { batch: 128, factor: 0.8, validSamples: 1, purposes: [Purpose.SCREEN] }),
      measured(32768, {
        validSamples: 0,
        failedAttempts: 2,
        failureClasses: ["out_of_memory_load"],
        purposes: [Purpose.SCREEN],
      }),
    ],
    results: [RESULT, FAILED],
    notes: ["The context ladder stopped at num_ctx 16384: one fill would take over 10 s."],
    ...values,
  });
