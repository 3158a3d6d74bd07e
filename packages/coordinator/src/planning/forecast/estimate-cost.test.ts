import { create } from "@bufbuild/protobuf";
import { type Protocol, ProtocolSchema, Purpose } from "@ozone/proto/configuration";
import { type ConfigurationValues, configuration } from "@ozone/shared/configuration";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { confirmationProtocol } from "../../search/grid.ts";
import { ends, fillMs, type Pace, type Speed, samplesOf, trialMs, wholeTrialMs } from "./estimate-cost.ts";

/** Reads 1,000 tokens a second, writes 100, loads in 2 s, however deep: hand arithmetic. */
const EVEN: Speed = {
  prefill: { linear: 0.001, quadratic: 0 },
  decode: { fixed: 0.01, perDepthToken: 0 },
  launchMs: 2_000,
};
const paceOf = (speed: Speed): Pace => ends(() => speed);
const point = (change: Partial<ConfigurationValues> = {}) =>
  configuration({ numCtx: 4096, numBatch: 512, numPredict: 100, ...change });
const protocol = (
  change: Partial<
    Pick<Protocol, "repetitions" | "launches" | "limitMs" | "sustainedMs" | "warmPrefix" | "depths">
  > = {},
) => create(ProtocolSchema, { fill: 0.5, repetitions: 1, launches: 1, ...change });
const screen = (change: Partial<ConfigurationValues> = {}, how = protocol()) => ({
  configuration: point(change),
  protocol: how,
  purpose: Purpose.SCREEN,
});

describe("the cost of a trial", () => {
  it("equals hand arithmetic on a machine of known speed", () => {
    // 2048 prompt tokens at 1,000 t/s, 100 answers at 100 t/s, one load.
    expect(trialMs(paceOf(EVEN), screen())).toEqual({ low: 5_048, likely: 5_048, high: 5_048 });
    // Two loads with three samples each.
    const six = screen({}, protocol({ repetitions: 3, launches: 2 }));
    expect(trialMs(paceOf(EVEN), six).likely).toBe(2 * 2_000 + 6 * (2_048 + 1_000));
  });

  it("counts what a confirmation takes more: two launches, each warmed up at full depth, six to fifteen samples", () => {
    const confirm = { ...screen({}, confirmationProtocol(protocol())), purpose: Purpose.CONFIRM };
    expect(samplesOf(confirm)).toEqual({ low: 6, likely: 11, high: 15 });
    expect(trialMs(paceOf(EVEN), confirm).low).toBe(2 * (2_000 + 2_048) + 6 * 3_048);
    expect(trialMs(paceOf(EVEN), confirm).high).toBe(2 * (2_000 + 2_048) + 15 * 3_048);
  });

  it("counts what is measured besides: another depth, the second turn of a chat, a sustained run and its last sample", () => {
    const sampleMs = 3_048;
    const besides = protocol({ depths: [0.25], warmPrefix: true, sustainedMs: 60_000 });
    expect(trialMs(paceOf(EVEN), screen({}, besides)).likely).toBe(
      2_000 + sampleMs + (1_024 + 1_000) + 1_000 + 60_000 + sampleMs,
    );
  });

  it("lets each request of several fill its own context, and their answers come together or one after the other", () => {
    const { low, high } = trialMs(paceOf(EVEN), screen({ concurrency: 4 }));
    expect([low, high]).toEqual([2_000 + 4 * 2_048 + 1_000, 2_000 + 4 * 2_048 + 4_000]);
  });

  it("ends at the limit of an attempt, of which there are two when it fails", () => {
    const limited = screen({}, protocol({ limitMs: 3_000 }));
    expect(trialMs(paceOf(EVEN), limited)).toEqual({ low: 3_000, likely: 3_000, high: 6_000 });
    expect(wholeTrialMs(paceOf(EVEN), limited).likely).toBe(5_048);
  });
});

const speeds = fc.record({
  prefill: fc.record({
    linear: fc.double({ min: 1e-6, max: 0.1, noNaN: true }),
    quadratic: fc.double({ min: 0, max: 1e-5, noNaN: true }),
  }),
  decode: fc.record({
    fixed: fc.double({ min: 1e-4, max: 1, noNaN: true }),
    perDepthToken: fc.double({ min: 0, max: 1e-5, noNaN: true }),
  }),
  launchMs: fc.double({ min: 0, max: 60_000, noNaN: true }),
});
const ask = fc.record({
  numCtx: fc.integer({ min: 256, max: 262_144 }),
  numBatch: fc.constantFrom(8, 64, 512),
  numPredict: fc.integer({ min: 2, max: 200 }),
  concurrency: fc.integer({ min: 1, max: 8 }),
});
const more = fc.integer({ min: 1, max: 4_096 });
const purposes = fc.constantFrom(Purpose.SCREEN, Purpose.CONFIRM);

describe("the cost of any trial", () => {
  const costOf = (speed: Speed, change: ConfigurationValues, repetitions: number, purpose: Purpose) =>
    wholeTrialMs(paceOf(speed), {
      configuration: configuration(change),
      protocol: create(ProtocolSchema, { fill: 0.9, repetitions, launches: 1 }),
      purpose,
    });
  /** Sums of doubles may differ in their last digits. */
  const atLeast = (dearer: number, cheaper: number) => dearer >= cheaper * (1 - 1e-9);

  it("never falls with the context, the number of samples, or the length of an answer that leaves the prompt its length", () => {
    fc.assert(
      fc.property(speeds, ask, more, purposes, (speed, values, step, purpose) => {
        const base = costOf(speed, values, 2, purpose);
        const { numCtx, numPredict } = values;
        const roomFor = numCtx - 8 - Math.floor(0.9 * numCtx);
        const longer = Math.max(numPredict, Math.min(roomFor, numPredict + step));
        const grown = [
          costOf(speed, { ...values, numCtx: numCtx + step }, 2, purpose),
          costOf(speed, { ...values, numPredict: longer }, 2, purpose),
          costOf(speed, values, 3, purpose),
        ];
        return grown.every(
          (one) =>
            atLeast(one.low, base.low) && atLeast(one.likely, base.likely) && atLeast(one.high, base.high),
        );
      }),
    );
  });

  it("has its ends in order, and a fill within the trial", () => {
    fc.assert(
      fc.property(speeds, ask, purposes, (speed, values, purpose) => {
        const { low, likely, high } = costOf(speed, values, 1, purpose);
        return low <= likely && likely <= high && fillMs(speed, configuration(values), 0.9) <= low;
      }),
    );
  });
});
