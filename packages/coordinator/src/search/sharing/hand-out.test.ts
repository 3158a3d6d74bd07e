import { create } from "@bufbuild/protobuf";
import { ProtocolSchema, Purpose } from "@ozone/proto/configuration";
import { MatrixSchema } from "@ozone/proto/sweep";
import { SampleSchema } from "@ozone/proto/trial";
import { configurationKey } from "@ozone/shared/configuration";
import { seededRandom } from "@ozone/shared/statistics/seeded-random";
import { describe, expect, it } from "vitest";
import { type MadeMachine, madeState, observe, runSearch } from "../../testing/made-machine.ts";
import { chooseFinalists } from "../finalists.ts";
import { baseConfiguration } from "../option-space.ts";
import { strategyNamed } from "../strategies.ts";
import type { Proposal, SearchState, Strategy } from "../strategy.ts";
import { anchorsOf } from "./anchors.ts";
import { classObservations, type HandOut, handOut } from "./hand-out.ts";
import type { MachineObservation, MachineTrial, SharedSearch } from "./shared-search.ts";

const LAPTOP: MadeMachine = { prefillTokensPerSecond: 4_000, decodeTokensPerSecond: 400, noise: 0.01 };
const SEARCH: SearchState = {
  ...madeState(0),
  protocol: create(ProtocolSchema, { fill: 0.9, repetitions: 1, launches: 1, limitMs: 600_000 }),
  matrix: create(MatrixSchema, {
    numCtx: [1024, 4096, 16_384, 65_536],
    numBatch: [32, 128, 512, 2048],
    numThread: [1, 2],
    kvCacheType: ["f16", "q8_0"],
    numPredict: [64],
  }),
};
/** The matrix, and the default beside it. */
const POINTS = 65;
const named = (name: string): Strategy => {
  const strategy = strategyNamed(name);
  if (!strategy) throw new Error(`no strategy ${name}`);
  return strategy;
};
const apart = (a: number, b = 0): number => Math.abs(Math.log(a / b));
const keyOf = ({ configuration }: Pick<Proposal, "configuration">) => configurationKey(configuration);

/** A trial on a machine that is so many times as fast as the others. */
function measure({ machine, proposal }: MachineTrial, speed: number): MachineObservation {
  const one = observe(LAPTOP, proposal);
  const samples = one.samples.map((sample) =>
    create(SampleSchema, {
      ...sample,
      decodeTokensPerSecond: (sample.decodeTokensPerSecond ?? 0) * speed,
      ttftMs: (sample.ttftMs ?? 0) / speed,
    }),
  );
  return { ...one, samples, machine };
}

const observed = ({ observations }: SharedSearch, machine: string): number =>
  observations.filter((one) => one.machine === machine).length;

type Look = (state: SharedSearch, step: HandOut) => void;

/** Runs a class to its end; `look` sees every handing out. What started first ends first, but for `hasty` machines. */
function runShared(
  strategy: Strategy,
  speeds: Readonly<Record<string, number>>,
  look: Look = () => undefined,
  hasty = "",
) {
  const machines = Object.keys(speeds);
  let state: SharedSearch = { search: SEARCH, machines, observations: [], running: [], waiting: [] };
  for (let turn = 0; turn < 2_000; turn += 1) {
    const step = handOut(strategy, state);
    look(state, step);
    const running = [...state.running, ...step.trials];
    if (step.finished) return { state, step };
    const ended =
      running.find(({ machine }) => machine === hasty && observed(state, machine) < 12) ?? running[0];
    if (!ended) throw new Error("the class stands still");
    const others = running.filter((one) => one !== ended);
    const observations = [...state.observations, measure(ended, speeds[ended.machine] ?? 1)];
    state = { ...state, observations, running: others, waiting: step.waiting };
  }
  throw new Error("the class did not end");
}

describe("One machine alone", () => {
  it.each(["grid", "guided", "halving", "quick", "random"])("runs %s exactly as it always did", (name) => {
    const alone = runShared(named(name), { only: 1 }).state.observations;
    const before = runSearch(named(name), LAPTOP, SEARCH).state.observations;
    expect(alone.map(({ machine: _, ...one }) => one)).toEqual(before);
  });
});

describe("Several machines", () => {
  const EQUAL = { a: 1.02, b: 0.99, c: 1, d: 0.98 };

  it("split a grid: every point once, the anchors and the finalists on each machine", () => {
    const { state } = runShared(named("grid"), EQUAL);
    const anchors = new Set(anchorsOf(SEARCH).map(configurationKey));
    const screened = state.observations.filter(({ purpose }) => purpose === Purpose.SCREEN);
    const points = screened.filter((one) => !anchors.has(keyOf(one)));
    expect(points).toHaveLength(POINTS - anchors.size);
    expect(new Set(points.map(keyOf)).size).toBe(points.length);
    for (const machine of Object.keys(EQUAL)) {
      const mine = state.observations.filter((one) => one.machine === machine);
      for (const key of anchors) expect(mine.map(keyOf)).toContain(key);
      const confirmed = mine.filter(({ purpose }) => purpose === Purpose.CONFIRM);
      expect(confirmed.map(({ wanted }) => wanted)).toEqual(confirmed.map(() => 2));
      expect(new Set(confirmed.map(keyOf)).size).toBe(confirmed.length);
      expect(confirmed.length).toBeGreaterThanOrEqual(2);
    }
  });

  it("ask a guided search for different things at once", () => {
    runShared(named("guided"), EQUAL, ({ running }, { trials }) => {
      const under = running.map(({ proposal }) => keyOf(proposal));
      for (const { proposal } of trials) {
        if (/nchor|once more|part \d/.test(proposal.reason)) continue;
        expect(under).not.toContain(keyOf(proposal));
        under.push(keyOf(proposal));
      }
    });
  });

  it("confirm what was seen, all finalists of a round on the same machines", () => {
    const confirmedBy = new Map<string, Set<string>>();
    runShared(named("guided"), EQUAL, ({ observations }, { trials }) => {
      const started = trials.filter(({ proposal }) => proposal.purpose === Purpose.CONFIRM);
      const measured = new Set(observations.map(keyOf));
      for (const { machine, proposal } of started) {
        expect(measured.has(keyOf(proposal))).toBe(true);
        confirmedBy.set(keyOf(proposal), (confirmedBy.get(keyOf(proposal)) ?? new Set()).add(machine));
      }
    });
    expect(confirmedBy.size).toBeGreaterThanOrEqual(2);
    for (const machines of confirmedBy.values()) expect(machines.size).toBe(Object.keys(EQUAL).length);
  });

  it("find what one machine alone finds, within 2 %", () => {
    const leaders = (observations: Parameters<typeof chooseFinalists>[0]) =>
      chooseFinalists(observations, configurationKey(baseConfiguration(SEARCH)));
    for (const name of ["grid", "guided"]) {
      const { state, step } = runShared(named(name), EQUAL);
      const alone = leaders(runSearch(named(name), LAPTOP, SEARCH).state.observations);
      for (const { leadsFor, figures } of leaders(classObservations(state, step.pool))) {
        for (const purpose of leadsFor) {
          const there = alone.find((one) => one.leadsFor.includes(purpose))?.figures;
          expect(figures.numCtx, purpose).toBe(there?.numCtx);
          expect(apart(figures.decodeTokensPerSecond, there?.decodeTokensPerSecond), purpose).toBeLessThan(
            0.02,
          );
          expect(apart(figures.ttftMs, there?.ttftMs), purpose).toBeLessThan(0.02);
        }
      }
    }
  });

  it("leave an odd one out, and make what only it had made", () => {
    const { state, step } = runShared(named("grid"), { a: 1, b: 1.01, c: 0.75, d: 0.99 }, undefined, "c");
    expect(step.pool.odd.map(({ machine }) => machine)).toEqual(["c"]);
    const pooled = state.observations.filter(({ machine }) => machine !== "c");
    expect(new Set(pooled.map(keyOf)).size).toBe(POINTS);
    // It had measured points that nobody else had: the others made them again.
    expect(observed(state, "c")).toBeGreaterThanOrEqual(12);
    const seen = classObservations(state, step.pool);
    expect(seen).toHaveLength(pooled.length);
  });

  it("choose the same from what they measured in whatever order it came in", () => {
    const { state, step } = runShared(named("guided"), { a: 1, b: 1.03, c: 0.97, d: 0.74 });
    const chosen = chooseFinalists(classObservations(state, step.pool), "");
    for (let run = 0; run < 20; run += 1) {
      const observations = seededRandom(`arrival ${run}`).shuffle(state.observations);
      const again = handOut(named("grid"), { ...state, observations, running: [], waiting: [] });
      expect(again.pool).toEqual(step.pool);
      expect(chooseFinalists(classObservations({ ...state, observations }, again.pool), "")).toEqual(chosen);
    }
  });

  it("go on where they were: a handing out follows from what is stored alone", () => {
    const seen: [SharedSearch, HandOut][] = [];
    runShared(named("guided"), EQUAL, (state, step) => seen.push([state, step]));
    for (const [state, step] of seen.filter((_, index) => index % 12 === 5)) {
      expect(handOut(named("guided"), { ...state, observations: [...state.observations] })).toEqual(step);
    }
  });

  it("can't share a search that needs its answers in order", () => {
    const state = { search: SEARCH, machines: ["a", "b"], observations: [], running: [], waiting: [] };
    expect(() => handOut(named("quick"), state)).toThrow("The strategy quick can't be shared");
  });
});
