import { create } from "@bufbuild/protobuf";
import { Purpose } from "@ozone/proto/configuration";
import { MatrixSchema, SweepRequestSchema } from "@ozone/proto/sweep";
import { configurationKey } from "@ozone/shared/configuration";
import { describe, expect, it } from "vitest";
import { choosePresets } from "../presets/choose-preset.ts";
import type { TrialRow } from "../store/trials.ts";
import { runTarget } from "../testing/made-target.ts";
import { completeRequest } from "./complete-request.ts";
import { driftedTrials } from "./drift.ts";
import { targetPlanner } from "./plan-target.ts";

const GRID = completeRequest(
  create(SweepRequestSchema, {
    strategy: "grid",
    matrix: create(MatrixSchema, {
      numCtx: [1024, 2048, 4096],
      numBatch: [64, 128, 256, 512],
      numPredict: [64],
    }),
  }),
);
const QUICK = completeRequest(create(SweepRequestSchema, { strategy: "quick" }));
const steady = { rateOf: () => 100, trialMs: 5_000 };

const isReference = ({ purpose }: TrialRow): boolean => purpose === Purpose.REFERENCE;
/** Lengths of the stretches between references. */
const stretches = (ran: readonly TrialRow[]): number[] =>
  ran
    .map((trial) => (isReference(trial) ? "|" : "."))
    .join("")
    .split("|")
    .map(({ length }) => length);

describe("the drift reference", () => {
  it("is measured first, last, and at least every eight trials of a grid", () => {
    const { ran } = runTarget(targetPlanner, GRID, steady);
    expect(ran.filter((trial) => !isReference(trial)).length).toBeGreaterThanOrEqual(12);
    const lengths = stretches(ran);
    expect([lengths[0], lengths.at(-1)]).toEqual([0, 0]);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(8);
  });

  it("is measured every 15 minutes where trials are slow", () => {
    const { ran } = runTarget(targetPlanner, GRID, { ...steady, trialMs: 6 * 60_000 });
    expect(Math.max(...stretches(ran))).toBeLessThanOrEqual(3);
  });

  it("closes the screening before the confirmations start", () => {
    const { ran } = runTarget(targetPlanner, GRID, steady);
    const firstConfirmation = ran.findIndex(({ purpose }) => purpose === Purpose.CONFIRM);
    expect(ran[firstConfirmation - 1]?.purpose).toBe(Purpose.REFERENCE);
  });

  it("is made at the start only where it would eat up the time box", () => {
    const { ran } = runTarget(targetPlanner, QUICK, steady);
    expect(ran.filter(isReference).length).toBeGreaterThanOrEqual(3);
    const dear = create(SweepRequestSchema, { ...QUICK, budgetMs: 60_000 });
    // Made results say that each took five seconds, which is more than a twentieth of a minute.
    const { ran: short } = runTarget(targetPlanner, dear, steady);
    expect(short.filter(isReference)).toHaveLength(1);
  });

  it("is the same trial every time and never chosen as a preset", () => {
    const { ran, results } = runTarget(targetPlanner, GRID, steady);
    const keys = new Set(ran.filter(isReference).map(({ configuration }) => configurationKey(configuration)));
    expect(keys.size).toBe(1);
    const [key] = keys;
    for (const { configuration } of choosePresets(results, [])) {
      expect(configuration && configurationKey(configuration)).not.toBe(key);
    }
  });
});

describe("a machine that changes its speed", () => {
  it("makes the grid measure again, once, what lies where it happened", () => {
    const slowsDown = { ...steady, rateOf: (position: number) => (position < 5 ? 100 : 70) };
    const { ran, notes } = runTarget(targetPlanner, GRID, slowsDown);
    const repeats = ran.filter(({ reason }) => reason.startsWith("once more"));
    expect(repeats).toHaveLength(8);
    expect(repeats[0]?.reason).toMatch(/became 30 % slower/);
    expect(notes).toEqual([]);
  });

  it("measures nothing a third time, also where the second try failed", () => {
    const slowsDown = { ...steady, rateOf: (position: number) => (position < 5 ? 100 : 70) };
    const { ran, results } = runTarget(targetPlanner, GRID, slowsDown);
    const isRepeat = ({ reason }: TrialRow) => reason.startsWith("once more");
    const before = ran.slice(0, ran.findIndex(isRepeat));
    expect(driftedTrials(before, results).repeats).toHaveLength(8);
    const failed = ran.map((trial) => (isRepeat(trial) ? { ...trial, state: "failed" as const } : trial));
    expect(driftedTrials(failed, results).repeats).toEqual([]);
  });

  it("ends all the same when its speed never settles, and says what was left out", () => {
    let factor = 1;
    const restless = {
      ...steady,
      rateOf: () => {
        factor = factor === 1 ? 0.6 : 1;
        return 100 * factor;
      },
    };
    const { ran, notes } = runTarget(targetPlanner, GRID, restless);
    const tries = new Map<string, number>();
    for (const trial of ran.filter((one) => !isReference(one))) {
      const key = `${trial.purpose} ${configurationKey(trial.configuration)}`;
      tries.set(key, (tries.get(key) ?? 0) + 1);
    }
    expect(Math.max(...tries.values())).toBeLessThanOrEqual(2);
    if (notes.length > 0) expect(notes.join(" ")).toMatch(/machine changed its speed/);
  });

  /** Slower from the middle of the confirmations on. */
  const slowsWhileConfirming = (request: typeof GRID) => {
    const { ran } = runTarget(targetPlanner, request, steady);
    const first = ran.findIndex(({ purpose }) => purpose === Purpose.CONFIRM);
    return { ...steady, rateOf: (position: number) => (position <= first ? 100 : 60) };
  };

  it("publishes nothing from the stretch in which it drifted", () => {
    const { results } = runTarget(targetPlanner, GRID, slowsWhileConfirming(GRID));
    for (const { figures, warnings } of choosePresets(results, [])) {
      const { ciLow, ciHigh } = figures?.decodeTokensPerSecond ?? {};
      expect([ciLow, ciHigh]).toEqual([60, 60]);
      expect(warnings.join(" ")).not.toMatch(/became/);
    }
  });

  it("is named with its change where the sweep publishes such samples all the same", () => {
    const { results } = runTarget(targetPlanner, QUICK, slowsWhileConfirming(QUICK));
    const texts = choosePresets(results, []).flatMap(({ warnings }) => warnings);
    expect(texts.join(" ")).toMatch(/became 40 % slower while this was measured/);
  });
});
