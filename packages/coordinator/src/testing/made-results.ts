// Results made for tests of decisions: they look like an agent's, nothing was measured.
import { create } from "@bufbuild/protobuf";
import { type Configuration, ProtocolSchema, Purpose } from "@ozone/proto/configuration";
import { EngineKind, Provenance } from "@ozone/proto/machine";
import {
  type Sample,
  SampleKind,
  SampleSchema,
  type TrialResult,
  TrialResultSchema,
  Verdict,
} from "@ozone/proto/trial";
import { configuration } from "@ozone/shared/configuration";

/** What a made result should say; the rest is plausible. */
export interface MadeResult {
  readonly trialId?: string;
  readonly attempt?: number;
  readonly machineId?: string;
  readonly configuration?: Configuration;
  readonly purpose?: Purpose;
  /** One sample per entry. */
  readonly decode?: readonly number[];
  readonly ttftMs?: number;
  readonly failureClass?: string;
  readonly rejected?: boolean;
  readonly contended?: boolean;
  readonly allowContended?: boolean;
  readonly timeBoxed?: boolean;
  readonly trained?: number;
  /** Shorter answers behind each sample's fill: each with its own rate, a tenth above that of the sample. */
  readonly shorterPredicts?: readonly number[];
  readonly memory?: { readonly availableBytes: bigint; readonly peakPssBytes: bigint };
}

/** The default configuration of the made machine. */
export const madeDefault = (): Configuration =>
  configuration({ numCtx: 4096, numBatch: 512, numThread: 1, numPredict: 64 });

/** A point that differs from the default. */
export const point = (
  change: Partial<{ numCtx: number; numBatch: number; numThread: number }>,
): Configuration => configuration({ numCtx: 4096, numBatch: 512, numThread: 1, numPredict: 64, ...change });

function sample(made: MadeResult, rate: number, index: number): Sample {
  const numCtx = made.configuration?.numCtx ?? 4096;
  const promptTokens = Math.floor(numCtx * 0.9);
  const ttftMs = made.ttftMs ?? promptTokens;
  return create(SampleSchema, {
    index,
    valid: !made.rejected,
    checks: [
      { code: "output_complete", passed: !made.rejected, detail: "64 of 64 tokens" },
      { code: "uncontended", passed: !made.contended, detail: "0.01 cores" },
    ],
    promptTokens,
    generatedTokens: 64,
    prefillTokensPerSecond: (promptTokens / ttftMs) * 1000,
    decodeTokensPerSecond: rate,
    ttftMs,
    totalMs: ttftMs + (64 / rate) * 1000,
  });
}

/** Every sample with the shorter answers behind it, in the order in which an agent takes them. */
const withShorter = (samples: readonly Sample[], { shorterPredicts = [] }: MadeResult): Sample[] =>
  samples
    .flatMap((filled) => [
      { filled, numPredict: null },
      ...shorterPredicts.map((numPredict) => ({ filled, numPredict })),
    ])
    .map(({ filled, numPredict }, index) => {
      if (numPredict === null) return create(SampleSchema, { ...filled, index });
      const fillIndex = filled.index * (shorterPredicts.length + 1);
      const rate = 1.1 * (filled.decodeTokensPerSecond ?? 0);
      const itsOwn = { generatedTokens: numPredict, decodeTokensPerSecond: rate, ttftMs: 3, totalMs: 9 };
      return create(SampleSchema, {
        ...filled,
        ...itsOwn,
        index,
        kind: SampleKind.SHORTER,
        fillIndex,
        numPredict,
      });
    });

/** Makes one. */
export function madeResult(made: MadeResult = {}): TrialResult {
  const failed = made.failureClass !== undefined;
  return create(TrialResultSchema, {
    trialId: made.trialId ?? "t-1",
    attempt: made.attempt ?? 1,
    machineId: made.machineId ?? "m-1",
    sweepId: "s-1",
    verdict: failed ? Verdict.FAILED : made.rejected ? Verdict.REJECTED : Verdict.VALID,
    ...(failed ? { failure: { failureClass: made.failureClass ?? "", message: "as seen" } } : {}),
    modelName: "ozone-synthetic:4m",
    modelDigest: "sha256:abc",
    configuration: made.configuration ?? madeDefault(),
    protocol: create(ProtocolSchema, {
      fill: 0.9,
      repetitions: 1,
      launches: 1,
      allowContended: made.allowContended ?? false,
      timeBoxed: made.timeBoxed ?? false,
      shorterPredicts: [...(made.shorterPredicts ?? [])],
    }),
    purpose: made.purpose ?? Purpose.SCREEN,
    samples: failed
      ? []
      : withShorter(
          (made.decode ?? [100]).map((rate, index) => sample(made, rate, index)),
          made,
        ),
    context: {
      requested: made.configuration?.numCtx ?? 4096,
      ...(made.trained ? { trained: made.trained } : {}),
    },
    ...(made.memory ? { memory: made.memory } : {}),
    conditions: { engine: { kind: EngineKind.REFERENCE, version: "0.1.0" }, modelDigest: "sha256:abc" },
    provenance: Provenance.SYNTHETIC,
    hardwareClass: "test-class",
    elapsedMs: 5_000,
  });
}
