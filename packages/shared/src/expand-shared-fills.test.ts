import { create } from "@bufbuild/protobuf";
import { ProtocolSchema } from "@ozone/proto/configuration";
import {
  CheckSchema,
  FailureSchema,
  type Sample,
  SampleKind,
  SampleSchema,
  type TrialResult,
  TrialResultSchema,
  Verdict,
} from "@ozone/proto/trial";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { configuration } from "./configuration.ts";
import { expandSharedFills } from "./expand-shared-fills.ts";
import { filledSamples } from "./sample-kinds.ts";
import { usableSamples } from "./usable-samples.ts";

const { FILLED, SHORTER, DEPTH } = SampleKind;

function sample(index: number, kind: SampleKind, change: Partial<Sample> = {}): Sample {
  const shorter = kind === SHORTER;
  const made = create(SampleSchema, {
    index,
    kind,
    valid: true,
    promptTokens: 7372,
    generatedTokens: shorter ? 256 : 512,
    decodeTokensPerSecond: shorter ? 110 + index : 100 + index,
    prefillTokensPerSecond: shorter ? 900_000 : 3000,
    ttftMs: shorter ? 3 : 2457 + index,
    totalMs: shorter ? 2400 : 7600,
    evalNs: BigInt(1000 + index),
    checks: ["output_complete", "no_prefix_cache", "uncontended"].map((code) =>
      create(CheckSchema, { code, passed: true, detail: `${code} of ${index}` }),
    ),
    ...(shorter ? { fillIndex: index - 1, numPredict: 256 } : {}),
  });
  return Object.assign(made, change);
}

const failing = (one: Sample, code: string): Sample => {
  for (const check of one.checks) if (check.code === code) check.passed = false;
  return one;
};

const result = (samples: Sample[], change: Partial<TrialResult> = {}): TrialResult =>
  Object.assign(
    create(TrialResultSchema, {
      trialId: "t-9",
      attempt: 2,
      verdict: Verdict.VALID,
      configuration: configuration({ numCtx: 8192, numBatch: 8, numPredict: 512 }),
      protocol: create(ProtocolSchema, { fill: 0.9, shorterPredicts: [256] }),
      context: { requested: 8192, promptTokens: 7372, filled: true },
      loadMs: [80],
      samples,
    }),
    change,
  );

const two = () => [sample(0, FILLED), sample(1, SHORTER), sample(2, FILLED), sample(3, SHORTER)];

describe("a result whose fills were shared", () => {
  it("is read as one result per output length, which lead to the same trial and attempt", () => {
    const views = expandSharedFills(result(two()));
    expect(views.map(({ configuration: one }) => one?.numPredict)).toEqual([512, 256]);
    expect(views.map(({ trialId, attempt }) => `${trialId}/${attempt}`)).toEqual(["t-9/2", "t-9/2"]);
    expect(views.map(({ samples }) => samples.map(({ index }) => index))).toEqual([
      [0, 2],
      [1, 3],
    ]);
    expect(views[1]).toMatchObject({ loadMs: [80], context: { promptTokens: 7372, filled: true } });
  });

  it("has the shorter answer's own decode rate, the fill's TTFT and prefill, and no total that never was", () => {
    const [, shorter] = expandSharedFills(result(two()));
    const [first] = usableSamples(shorter ?? result([]));
    expect(first).toMatchObject({ decodeTokensPerSecond: 111, ttftMs: 2457, prefillTokensPerSecond: 3000 });
    expect([first?.totalMs, first?.energyJoules]).toEqual([undefined, undefined]);
    expect(first).toMatchObject({ evalNs: 1001n, fillIndex: 0, generatedTokens: 256 });
  });

  it("lets the shorter answer be no better proven than the fill behind it", () => {
    const marked = two();
    failing(marked[0] as Sample, "uncontended");
    const [longest, shorter] = expandSharedFills(result(marked));
    expect(usableSamples(longest ?? result([]))).toHaveLength(1);
    expect(usableSamples(shorter ?? result([])).map(({ index }) => index)).toEqual([3]);
    const refused = two();
    Object.assign(failing(refused[2] as Sample, "no_prefix_cache"), { valid: false });
    const views = expandSharedFills(result(refused, { verdict: Verdict.REJECTED }));
    expect(views[1]?.samples.map(({ valid }) => valid)).toEqual([true, false]);
  });

  it("gives each length its own verdict", () => {
    const samples = two();
    Object.assign(failing(samples[3] as Sample, "output_complete"), { valid: false });
    const views = expandSharedFills(result(samples, { verdict: Verdict.REJECTED }));
    expect(views.map(({ verdict }) => verdict)).toEqual([Verdict.VALID, Verdict.REJECTED]);
  });

  it("that failed is a failure of every length, and says nothing of a length that was not measured", () => {
    const failure = create(FailureSchema, { failureClass: "request_timeout", message: "too slow" });
    const failed = result([], { verdict: Verdict.FAILED, failure });
    expect(expandSharedFills(failed).map((view) => [view.configuration?.numPredict, view.verdict])).toEqual([
      [512, Verdict.FAILED],
      [256, Verdict.FAILED],
    ]);
    expect(expandSharedFills(result([sample(0, FILLED)]))).toHaveLength(1);
  });

  it("is itself where no fill was shared, and what was expanded stays as it is", () => {
    const alone = result([sample(0, FILLED)]);
    if (alone.protocol) alone.protocol.shorterPredicts = [];
    expect(expandSharedFills(alone)).toEqual([alone]);
    const views = expandSharedFills(result(two()));
    expect(views.flatMap(expandSharedFills)).toEqual(views);
  });

  it("loses no sample and invents none, whatever was taken in whatever order", () => {
    const turn = fc.record({
      besides: fc.constantFrom([], [DEPTH]),
      lengths: fc.subarray([256, 128, 64]),
      valid: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(turn, { maxLength: 6 }), (turns) => {
        const samples: Sample[] = [];
        for (const { besides, lengths, valid } of turns) {
          const fillIndex = samples.length;
          samples.push(sample(fillIndex, FILLED, { valid }));
          for (const numPredict of lengths)
            samples.push(sample(samples.length, SHORTER, { fillIndex, numPredict }));
          for (const kind of besides) samples.push(sample(samples.length, kind));
        }
        const whole = result(samples);
        if (whole.protocol) whole.protocol.shorterPredicts = [128, 256, 64];
        const views = expandSharedFills(whole);
        const idsOf = (all: readonly Sample[]) => all.map(({ evalNs }) => evalNs).sort();
        expect(idsOf(views.flatMap((view) => view.samples))).toEqual(idsOf(samples));
        for (const view of views) {
          for (const one of filledSamples(view)) {
            const raw = samples.find(({ index }) => index === one.index);
            expect(one.decodeTokensPerSecond).toBe(raw?.decodeTokensPerSecond);
            const fill = samples.find(({ index }) => index === (raw?.fillIndex ?? raw?.index));
            expect(one.ttftMs).toBe(fill?.ttftMs);
            expect(raw?.numPredict ?? 512).toBe(view.configuration?.numPredict);
          }
        }
      }),
    );
  });
});
