// I6: the presets of a class resist lying machines, as long as more than half of its machines are honest.
import { Purpose } from "@ozone/proto/configuration";
import type { TrialResult } from "@ozone/proto/trial";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { madeDefault, madeResult, point } from "../testing/made-results.ts";
import { choosePresets } from "./choose-preset.ts";

const CONTEXTS = [4096, 8192];
const HONEST = { 4096: 100, 8192: 80 } as Record<number, number>;
const HONEST_TTFT_MS = { 4096: 1_000, 8192: 2_000 } as Record<number, number>;
/** Honest machines of a class differ by so much. */
const SPREAD = 0.04;

const purposeOf = (results: readonly TrialResult[], purpose: string) =>
  choosePresets(results, [madeDefault()]).find((preset) => preset.purpose === purpose);

/** What a machine that measures says of each context: its own speed, a few samples. */
const honestMachine = (machineId: string, speed: number): TrialResult[] =>
  CONTEXTS.map((numCtx) =>
    madeResult({
      ...{ trialId: `t-${machineId}-${numCtx}`, machineId, purpose: Purpose.CONFIRM },
      configuration: point({ numCtx }),
      decode: [1, 1.01, 0.99].map((noise) => noise * speed * (HONEST[numCtx] ?? 0)),
      ttftMs: (HONEST_TTFT_MS[numCtx] ?? 0) / speed,
    }),
  );

const lie = fc.record({
  times: fc.oneof(fc.double({ min: 0.01, max: 100, noNaN: true }), fc.constantFrom(1, 1.05, 3)),
  waits: fc.oneof(fc.double({ min: 0.01, max: 100, noNaN: true }), fc.constantFrom(1, 3)),
  samples: fc.integer({ min: 1, max: 60 }),
  confirms: fc.boolean(),
  failureClass: fc.option(fc.constantFrom("engine_crashed", "out_of_memory_load"), { nil: undefined }),
});

/** What a liar says of each context: anything, as often as it likes. */
const liarOf = (machineId: string, lies: readonly [Lie, Lie]): TrialResult[] =>
  CONTEXTS.map((numCtx, index) => {
    const { times, waits, samples, confirms, failureClass } = lies[index] ?? lies[0];
    return madeResult({
      ...{ trialId: `t-${machineId}-${numCtx}`, machineId, configuration: point({ numCtx }) },
      purpose: confirms ? Purpose.CONFIRM : Purpose.SCREEN,
      decode: Array<number>(samples).fill(times * (HONEST[numCtx] ?? 0)),
      ttftMs: waits * (HONEST_TTFT_MS[numCtx] ?? 0),
      ...(failureClass ? { failureClass } : {}),
    });
  });
type Lie = typeof lie extends fc.Arbitrary<infer Value> ? Value : never;

const classWithLiars = fc.integer({ min: 1, max: 3 }).chain((liars) =>
  fc.record({
    honest: fc.array(fc.double({ min: 1 - SPREAD, max: 1 + SPREAD, noNaN: true }), {
      minLength: liars + 1,
      maxLength: liars + 3,
    }),
    liars: fc.array(fc.tuple(lie, lie), { minLength: liars, maxLength: liars }),
  }),
);

describe("presets of a class in which less than half lie", () => {
  it("choose what the honest would, with figures that honest machines could have measured", () => {
    fc.assert(
      fc.property(classWithLiars, ({ honest, liars }) => {
        const all = [
          ...honest.flatMap((speed, index) => honestMachine(`m-h${index}`, speed)),
          ...liars.flatMap((lies, index) => liarOf(`m-l${index}`, lies)),
        ];
        const largest = purposeOf(all, "max_context");
        expect(largest?.configuration?.numCtx).toBe(8192);
        const decode = largest?.figures?.decodeTokensPerSecond?.median ?? 0;
        const ttft = largest?.figures?.ttftMs?.median ?? 0;
        // Within a tenth of the median of all, which lies among the honest.
        const [low, high] = [(1 - SPREAD) / 1.1 / 1.02, (1 + SPREAD) * 1.1 * 1.02];
        expect(decode / (HONEST[8192] ?? 1)).toBeGreaterThan(low);
        expect(decode / (HONEST[8192] ?? 1)).toBeLessThan(high);
        expect(ttft / (HONEST_TTFT_MS[8192] ?? 1)).toBeGreaterThan(1 / high);
        expect(ttft / (HONEST_TTFT_MS[8192] ?? 1)).toBeLessThan(1 / low);
      }),
      { numRuns: 300 },
    );
  });

  it("leave out everything of a machine that is odd wherever others can tell, and say so", () => {
    const only = point({ numCtx: 4096, numBatch: 64 });
    const results = [
      ...["a", "b", "c"].flatMap((name) => honestMachine(`m-${name}`, 1)),
      ...liarOf("m-liar", [THREEFOLD, THREEFOLD]),
      madeResult({
        trialId: "t-only",
        machineId: "m-liar",
        purpose: Purpose.CONFIRM,
        configuration: only,
        decode: [900],
      }),
    ];
    const fast = purposeOf(results, "fast_response");
    expect(fast?.configuration?.numBatch).toBe(512);
    expect(fast?.machineIds).toEqual(["m-a", "m-b", "m-c"]);
    expect(fast?.warnings).toContain(
      "m-liar was left out: its decode rate is 3.00 times the median of the machines.",
    );
    const mostlyHonest = [
      ...["a", "b", "c"].flatMap((name) => honestMachine(`m-${name}`, 1)),
      ...liarOf("m-liar", [THREEFOLD, { ...THREEFOLD, times: 1, waits: 1 }]),
    ];
    const said = choosePresets(mostlyHonest, []).flatMap(({ warnings }) => warnings);
    expect(said).toContain("m-liar was left out: its decode rate is 3.00 times the median of the machines.");
    const impatient = [
      ...["a", "b", "c"].flatMap((name) => honestMachine(`m-${name}`, 1)),
      ...liarOf("m-liar", [THREEFOLD, { ...THREEFOLD, times: 1, waits: 0.1 }]),
    ];
    expect(purposeOf(impatient, "max_context")?.warnings).toContain(
      "m-liar was left out: its TTFT is 0.10 times the median of the machines.",
    );
  });
});

const THREEFOLD: Lie = { times: 3, waits: 1, samples: 30, confirms: true, failureClass: undefined };
