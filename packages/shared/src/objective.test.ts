// The three default objectives in the grammar choose exactly as the functions that they replaced, kept here as oracle.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { eligibleContexts, makeObjective, OBJECTIVES, type ObjectiveFigures } from "./objective.ts";
import { compileObjective, ObjectiveError } from "./objectives/compile.ts";
import type { ObjectiveData } from "./objectives/objective-data.ts";

const BEFORE: Readonly<Record<string, (figures: ObjectiveFigures) => number>> = {
  fast_response: ({ ttftMs, decodeTokensPerSecond }) => -(ttftMs + (64 * 1000) / decodeTokensPerSecond),
  balanced: ({ decodeTokensPerSecond, numCtx, ttftMs }) =>
    Math.log(decodeTokensPerSecond) + 0.5 * Math.log(numCtx) - 0.3 * Math.log(ttftMs),
  max_context: ({ numCtx, decodeTokensPerSecond }) =>
    numCtx + decodeTokensPerSecond / (1 + decodeTokensPerSecond),
};

const positive = fc.double({ min: 1e-3, max: 1e7, noNaN: true });
const figures = fc.record({
  numCtx: fc.constantFrom(512, 2048, 4096, 8192, 65_536, 262_144, 1_048_576),
  decodeTokensPerSecond: positive,
  ttftMs: positive,
});

const problem = (data: ObjectiveData): string => {
  try {
    compileObjective(data);
  } catch (thrown) {
    if (thrown instanceof ObjectiveError) return `${thrown.path.join(".")}: ${thrown.message}`;
    throw thrown;
  }
  return "";
};

describe("the default objectives", () => {
  it("score to the bit what they scored as code", () => {
    fc.assert(
      fc.property(figures, (one) => {
        for (const objective of OBJECTIVES)
          expect(objective.score(one)).toBe(BEFORE[objective.purpose]?.(one));
      }),
      { numRuns: 500 },
    );
  });

  it("may choose from the same contexts, and with max_context from the same success counts", () => {
    const contexts = fc.array(fc.constantFrom(512, 2048, 4096, 8192), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(contexts, (all) => {
        const floor = all.some((numCtx) => numCtx >= 4096) ? 4096 : 0;
        expect(all.filter(eligibleContexts("fast_response", all))).toEqual(
          all.filter((numCtx) => numCtx >= floor),
        );
        for (const purpose of ["balanced", "max_context", "unheard_of"])
          expect(all.filter(eligibleContexts(purpose, all))).toEqual(all);
      }),
    );
    const max = OBJECTIVES.find(({ purpose }) => purpose === "max_context");
    for (let runs = 1; runs <= 400; runs += 1) {
      for (let successes = 0; successes <= runs; successes += 1) {
        const allowed = max?.allows({ others: { success_rate: successes / runs } }, []);
        if (allowed !== successes >= 0.95 * runs) expect.fail(`${successes} of ${runs}: ${allowed}`);
      }
    }
  });
});

describe("an objective as data", () => {
  const made = (data: ObjectiveData) => makeObjective({ purpose: "own", words: "", useCase: "", data });

  it("takes options and other metrics, and has no score where one is not known", () => {
    const objective = made({ maximise: "prefill_tps - 2 * num_thread", where: "num_gpu < 1" });
    const seen = { numCtx: 4096, decodeTokensPerSecond: 10, ttftMs: 100 };
    const others = { prefill_tps: 50, num_thread: 4, num_gpu: 0 };
    expect(objective.score({ ...seen, others })).toBe(42);
    expect(objective.allows({ ...seen, others }, [4096])).toBe(true);
    expect(objective.score(seen)).toBeNaN();
    expect(objective.allows(seen, [4096])).toBeNull();
  });

  it("never lets a tie-break outweigh what comes before it", () => {
    const objective = made({
      minimise: "num_ctx",
      tieBreak: { minimise: "ttft_ms" },
    });
    fc.assert(
      fc.property(figures, figures, (a, b) => {
        fc.pre(a.numCtx !== b.numCtx);
        expect(objective.score(a) > objective.score(b)).toBe(a.numCtx < b.numCtx);
      }),
    );
    const seen = { numCtx: 4096, decodeTokensPerSecond: 10 };
    expect(objective.score({ ...seen, ttftMs: 1 })).toBeGreaterThan(objective.score({ ...seen, ttftMs: 2 }));
  });

  it("is refused with the formula that is wrong and why", () => {
    expect(problem({})).toBe(": An objective has exactly one of minimise and maximise.");
    expect(problem({ minimise: "1", maximise: "2" })).toContain("exactly one");
    expect(problem({ maximise: "2 + ctx_floor" })).toBe(
      "maximise: It is the same for every configuration; name a metric or an option.",
    );
    expect(problem({ maximise: "num_ctx", where: "num_ctx" })).toMatch(
      /^where: At character 8: a comparison/,
    );
    expect(problem({ maximise: "num_ctx", tieBreak: { maximise: "decode" } })).toMatch(
      /^then\.maximise: At character 1: a known name is expected/,
    );
    expect(problem({ maximise: "decode_tps", tieBreak: { maximise: "num_ctx" } })).toMatch(
      /^maximise: Before a then/,
    );
    const endless: ObjectiveData = { maximise: "num_ctx" };
    expect(
      problem(
        Array.from({ length: 6 }).reduce<ObjectiveData>((tieBreak) => ({ ...endless, tieBreak }), endless),
      ),
    ).toContain("At most 3 levels of then.");
  });
});
