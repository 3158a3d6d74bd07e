import { create } from "@bufbuild/protobuf";
import { type TrialResult, TrialResultSchema } from "@ozone/proto/trial";
import { configurationProblems } from "@ozone/shared/configuration";
import { describe, expect, it } from "vitest";
import { honestCase } from "./honest-cases.ts";
import { madeGaps } from "./made-gaps.ts";
import { Tally } from "./refusals.ts";

const sample = (code: string, passed?: boolean) => ({
  valid: passed !== false || code === "uncontended",
  checks: [{ code, detail: `what ${code} saw`, ...(passed === undefined ? {} : { passed }) }],
});

const resultOf = (samples: ReturnType<typeof sample>[], failureClass?: string): TrialResult =>
  create(TrialResultSchema, {
    samples,
    ...(failureClass === undefined ? {} : { failure: { failureClass, message: "a sentence" } }),
  });

const good = () => sample("clocks_agree", true);

describe("counting refusals of honest samples", () => {
  it("counts each refused sample with its check, and leaves marked ones in peace", () => {
    const tally = new Tally();
    tally.add("case 7", resultOf([good(), sample("clocks_agree", false), sample("uncontended", false)]));
    expect(tally).toMatchObject({ taken: 3, contended: 1 });
    expect(tally.refusals).toEqual([
      { codes: ["clocks_agree"], story: "case 7: clocks_agree: what clocks_agree saw; " },
    ]);
  });

  it("counts a trial that failed as one refused sample more", () => {
    const tally = new Tally();
    tally.add("case 8", resultOf([good()], "request_timeout"));
    expect(tally.taken).toBe(2);
    expect(tally.refusals.map(({ codes }) => codes)).toEqual([["request_timeout"]]);
  });

  it("gives the exact one-sided bound: 4 of 2,000 prove less than 0.5 %, 5 do not", () => {
    const boundAfter = (refused: number): number | null => {
      const tally = new Tally();
      const samples = Array.from({ length: 2000 }, (_, at) =>
        at < refused ? sample("no_truncation", false) : good(),
      );
      tally.add("all", resultOf(samples));
      const [count, rate] = tally.findings("refused", { refused: 4, percent: 0.5 });
      expect(count).toMatchObject({ value: refused, goal: { most: 4 }, n: 2000 });
      return rate?.high ?? null;
    };
    expect(boundAfter(0)).toBeCloseTo(100 * (1 - 0.05 ** (1 / 2000)), 9);
    expect(boundAfter(4)).toBeCloseTo(0.457, 3);
    expect(boundAfter(5)).toBeGreaterThan(0.5);
  });
});

describe("honest cases", () => {
  const cases = Array.from({ length: 100 }, (_, index) => honestCase(index, 1));

  it("are the same for the same seed, and others for another", () => {
    expect(honestCase(5, 1)).toEqual(cases[5]);
    expect(honestCase(5, 2).words).not.toBe(cases[5]?.words);
  });

  it("tell no lie, ask for nothing impossible, and vary in every respect", () => {
    for (const { script, point } of cases) {
      expect(script.lies ?? []).toEqual([]);
      expect(configurationProblems(point, 0)).toEqual([]);
    }
    const different = (of: (one: (typeof cases)[number]) => unknown) => new Set(cases.map(of)).size;
    expect(different(({ script }) => script.version)).toBe(18);
    expect(different(({ modelName }) => modelName)).toBe(15);
    expect(different(({ point }) => point.numCtx)).toBe(6);
    expect(different(({ point }) => point.numBatch)).toBe(6);
    expect(different(({ point }) => point.numPredict)).toBe(6);
    expect(different(({ script }) => script.gpuShare)).toBe(2);
  });
});

describe("tokens that a client saw late", () => {
  it("were made one after the other, and not later than they were seen", () => {
    // Four in one read after a stall, then one by one.
    const seen = [0.3, 40, 0.001, 0.001, 0.001, 0.3, 0.3, 0.3];
    const made = madeGaps(seen);
    expect(Math.min(...made)).toBeGreaterThan(0.29);
    expect(made.reduce((sum, gap) => sum + gap, 0)).toBeCloseTo(
      seen.reduce((sum, gap) => sum + gap, 0),
      9,
    );
    expect(made[1]).toBeCloseTo(40 + 0.003 - 0.9, 9);
  });

  it("stay as they were where nothing was late", () => {
    const seen = [0.3, 0.3, 5, 0.3];
    madeGaps(seen).forEach((gap, at) => {
      expect(gap).toBeCloseTo(seen[at] ?? 0, 9);
    });
  });
});
