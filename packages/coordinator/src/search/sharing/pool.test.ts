import { create } from "@bufbuild/protobuf";
import { type Configuration, Purpose } from "@ozone/proto/configuration";
import { MatrixSchema } from "@ozone/proto/sweep";
import { SampleSchema } from "@ozone/proto/trial";
import { configurationKey } from "@ozone/shared/configuration";
import { type SeededRandom, seededRandom } from "@ozone/shared/statistics/seeded-random";
import { describe, expect, it } from "vitest";
import { madeState } from "../../testing/made-machine.ts";
import { baseConfiguration } from "../option-space.ts";
import { anchorsOf } from "./anchors.ts";
import { corrected } from "./offsets.ts";
import { poolOf } from "./pool.ts";
import type { MachineObservation } from "./shared-search.ts";

const SEARCH = {
  ...madeState(0),
  matrix: create(MatrixSchema, {
    numCtx: [1024, 4096, 16_384],
    numBatch: [64, 256, 512],
    numThread: [1, 2],
    numPredict: [64],
  }),
};
const ANCHORS = anchorsOf(SEARCH);
const BASE = baseConfiguration(SEARCH);

const normal = ({ next }: SeededRandom): number =>
  Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());

const trial = (machine: string, configuration: Configuration, decode: number, ttftMs: number) => ({
  machine,
  configuration,
  purpose: Purpose.SCREEN,
  state: "done" as const,
  failureClass: null,
  samples: [create(SampleSchema, { valid: true, decodeTokensPerSecond: decode, ttftMs })],
  wanted: 1,
  elapsedMs: 1_000,
});

/** Anchors of a class: a machine's own factor (on the logarithm) and noise on each trial, now and then a disturbance. */
function anchorTrials(
  own: readonly number[],
  seed: string,
  { noise = 0.02, disturbed = 0, rounds = 1 } = {},
): MachineObservation[] {
  const random = seededRandom(seed);
  return own.flatMap((offset, index) =>
    Array.from({ length: rounds }, () => ANCHORS).flatMap((anchors) =>
      anchors.map((anchor, level) => {
        const lost = random.next() < disturbed ? 1 - 0.3 * random.next() : 1;
        const decode = (100 / (level + 1)) * Math.exp(offset + noise * normal(random)) * lost;
        const ttftMs = (500 * (level + 1) * Math.exp(-offset + noise * normal(random))) / lost;
        return trial(`m${index + 1}`, anchor, decode, ttftMs);
      }),
    ),
  );
}
const names = (count: number) => Array.from({ length: count }, (_, index) => `m${index + 1}`);
const equalOffsets = (count: number, random: SeededRandom) =>
  Array.from({ length: count }, () => 0.02 * normal(random));

describe("The anchors of a search", () => {
  it("are the default and three others that differ in their options, none with a larger context", () => {
    expect(new Set(ANCHORS.map(configurationKey)).size).toBe(4);
    for (const { numCtx } of ANCHORS) expect(numCtx).toBeLessThanOrEqual(4096);
    expect(anchorsOf(SEARCH)).toEqual(ANCHORS);
  });
});

describe("The offset of a machine", () => {
  it.each([2, 4, 8])("lies in its interval as often as that says, with %i machines", (count) => {
    let [inside, all] = [0, 0];
    for (let run = 0; run < 600; run += 1) {
      const own = equalOffsets(count, seededRandom(`own ${count} ${run}`));
      const mean = own.reduce((sum, one) => sum + one / count, 0);
      const { offsets } = poolOf(anchorTrials(own, `noise ${count} ${run}`), ANCHORS, names(count));
      for (const [index, machine] of names(count).entries()) {
        const decode = offsets.get(machine)?.decode;
        const truth = Math.exp((own[index] ?? 0) - mean);
        inside += Number((decode?.ciLow ?? 2) <= truth && truth <= (decode?.ciHigh ?? 0));
        all += 1;
      }
    }
    // 95 % is meant; so many runs tell it to about two points.
    expect(inside / all).toBeGreaterThan(0.92);
    expect(inside / all).toBeLessThan(0.98);
  });

  it("is taken out of what the machine measured, and unknown as long as anchors are missing", () => {
    const trials = anchorTrials([0.03, -0.03], "a", { noise: 0, rounds: 2 });
    const { offsets } = poolOf(trials, ANCHORS, names(2));
    const [own] = corrected(trial("m1", BASE, 103.045, 1_000), offsets.get("m1")).samples;
    expect(own?.decodeTokensPerSecond).toBeCloseTo(100, 1);
    expect(own?.ttftMs).toBeCloseTo(1_030.5, 0);
    const few = trials.filter(
      ({ configuration }) => configuration !== ANCHORS[0] && configuration !== ANCHORS[1],
    );
    expect(poolOf(few, ANCHORS, names(2)).offsets.size).toBe(0);
  });
});

describe("A machine of a class", () => {
  it("is odd when it is 25 % slower, whatever the class, and nobody else is", () => {
    for (const count of [3, 4, 8]) {
      for (let run = 0; run < 60; run += 1) {
        const own = equalOffsets(count, seededRandom(`odd ${count} ${run}`));
        own[run % count] = Math.log(0.75);
        const trials = anchorTrials(own, `odd noise ${count} ${run}`);
        const { odd, machines } = poolOf(trials, ANCHORS, names(count));
        expect(odd.map(({ machine }) => machine)).toEqual([`m${(run % count) + 1}`]);
        expect(machines).toHaveLength(count - 1);
      }
    }
  });

  it("is not called odd by chance: none of 2,000 equal ones, noisy and disturbed now and then", () => {
    let flagged = 0;
    for (let run = 0; run < 400; run += 1) {
      const own = equalOffsets(5, seededRandom(`equal ${run}`));
      const trials = anchorTrials(own, `equal noise ${run}`, { noise: 0.026, disturbed: 0.06 });
      flagged += poolOf(trials, ANCHORS, names(5)).odd.length;
    }
    expect(flagged).toBe(0);
  });

  it("is left out with figures and a sentence; of two, the slower one", () => {
    const of = (own: readonly number[]) => poolOf(anchorTrials(own, "words"), ANCHORS, names(own.length));
    const three = of([0.01, -0.01, Math.log(0.75)]);
    expect(three.odd[0]?.words).toMatch(
      /^m3 is odd: its (decode rate|TTFT) is \d+ % (below|above) that of the others .* \(\d\.\d\d times, 95 % interval \d\.\d\d to \d\.\d\d, n 4\)\./,
    );
    const two = of([Math.log(0.75), 0]);
    expect(two.odd.map(({ machine }) => machine)).toEqual(["m1"]);
    expect(two.odd[0]?.words).toContain("Two can't tell which of them is the odd one");
    expect(two.machines).toEqual(["m2"]);
  });

  it("that gives no sample of any anchor is odd where others do", () => {
    const good = anchorTrials([0, 0], "silent");
    const silent = ANCHORS.map((anchor) => ({
      ...trial("m3", anchor, 1, 1),
      samples: [],
      state: "failed" as const,
      failureClass: "out_of_memory_load",
    }));
    const { odd, machines } = poolOf([...good, ...silent], ANCHORS, names(3));
    expect(odd[0]?.words).toMatch(/^m3 is odd: none of its 4 anchor trials/);
    expect(machines).toEqual(["m1", "m2"]);
  });

  it("is judged alike in whatever order the trials came in", () => {
    for (let run = 0; run < 30; run += 1) {
      const random = seededRandom(`order ${run}`);
      const own = [...equalOffsets(3, random), run % 2 === 0 ? Math.log(0.75) : 0];
      const trials = anchorTrials(own, `order noise ${run}`, { rounds: 2 });
      const judged = poolOf(trials, ANCHORS, names(4));
      expect(poolOf(random.shuffle(trials), ANCHORS, names(4))).toEqual(judged);
    }
  });
});
