import { create } from "@bufbuild/protobuf";
import { type Configuration, ProtocolSchema, Purpose } from "@ozone/proto/configuration";
import { MatrixSchema } from "@ozone/proto/sweep";
import { configurationKey } from "@ozone/shared/configuration";
import { SURELY_ABOVE } from "@ozone/shared/memory-model";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type MadeMachine, madeState, runSearch } from "../../testing/made-machine.ts";
import { chooseFinalists } from "../finalists.ts";
import { grid } from "../grid.ts";
import { baseConfiguration } from "../option-space.ts";
import type { Proposal, SearchState } from "../strategy.ts";
import { halving } from "./index.ts";

const LAPTOP: MadeMachine = { prefillTokensPerSecond: 4_000, decodeTokensPerSecond: 400 };

/** 6 x 6 x 2 x 2 points. */
const space = (change: Partial<SearchState> = {}): SearchState => ({
  ...madeState(0),
  protocol: create(ProtocolSchema, { fill: 0.9, repetitions: 1, launches: 1, limitMs: 600_000 }),
  matrix: create(MatrixSchema, {
    numCtx: [1024, 2048, 4096, 8192, 16_384, 32_768],
    numBatch: [32, 64, 128, 256, 512, 1024],
    numThread: [1, 2],
    kvCacheType: ["f16", "q8_0"],
    numPredict: [64],
  }),
  ...change,
});
const keys = (proposals: readonly Proposal[]) =>
  proposals.map(({ configuration }) => configurationKey(configuration));
const distinct = (proposals: readonly Proposal[]) => new Set(keys(proposals)).size;
const spentMs = ({ observations }: SearchState) =>
  observations.reduce((sum, { elapsedMs }) => sum + elapsedMs, 0);

describe("successive halving", () => {
  it("gives every configuration one sample, and ever fewer ever more", () => {
    const { state } = runSearch(halving, LAPTOP, space());
    const samples = new Map<string, number>();
    for (const { purpose, configuration, samples: some } of state.observations) {
      const key = configurationKey(configuration);
      if (purpose === Purpose.SCREEN) samples.set(key, (samples.get(key) ?? 0) + some.length);
    }
    const withAtLeast = (least: number) => [...samples.values()].filter((count) => count >= least).length;
    expect([withAtLeast(1), withAtLeast(2), withAtLeast(4), withAtLeast(5)]).toEqual([29, 15, 8, 0]);
  });

  it("keeps what leads for each objective, and confirms only those and the default, on fresh launches", () => {
    const { proposals, state } = runSearch(halving, LAPTOP, space());
    const confirmed = proposals.filter(({ purpose }) => purpose === Purpose.CONFIRM);
    const screened = state.observations.filter(({ purpose }) => purpose === Purpose.SCREEN);
    const leaders = chooseFinalists(screened, configurationKey(baseConfiguration(state)));
    expect(keys(confirmed).sort()).toEqual(leaders.map(({ key }) => key).sort());
    for (const { protocol } of confirmed) {
      expect(protocol.launches).toBe(2);
      expect(protocol.launches * protocol.repetitions).toBeGreaterThanOrEqual(6);
    }
  });

  it("finds the largest context of the grid, and comes close to its best for the others", () => {
    const figuresOf = ({ observations }: SearchState) =>
      new Map(
        chooseFinalists(observations, "").flatMap((one) => one.leadsFor.map((use) => [use, one.figures])),
      );
    const [found, truth] = [halving, grid].map((one) => figuresOf(runSearch(one, LAPTOP, space()).state));
    for (const [purpose, best] of truth ?? []) {
      expect(found?.get(purpose)?.numCtx, purpose).toBe(best.numCtx);
      expect(found?.get(purpose)?.decodeTokensPerSecond, purpose).toBeGreaterThan(
        0.98 * best.decodeTokensPerSecond,
      );
    }
  });

  it("makes the same search from the same seed, and another from another", () => {
    const search = (seed: string) => keys(runSearch(halving, LAPTOP, space({ seed })).proposals);
    expect(search("a")).toEqual(search("a"));
    expect(search("a")).not.toEqual(search("b"));
  });

  it("goes on with the very trial that was next, wherever it was interrupted, on any machine", () => {
    const machines = fc.record({
      prefillTokensPerSecond: fc.integer({ min: 50, max: 9_000 }),
      decodeTokensPerSecond: fc.integer({ min: 2, max: 500 }),
      noise: fc.constantFrom(0, 0.4),
      memoryEndsAt: fc.constantFrom(4096, 16_384, 1_000_000),
    });
    const seeds = fc.integer().map(String);
    fc.assert(
      fc.property(machines, seeds, fc.constantFrom(0, 400_000), (machine, seed, budgetMs) => {
        const { state, proposals } = runSearch(halving, machine, space({ seed, budgetMs }));
        for (let length = 0; length < proposals.length; length += 3) {
          const before = { ...state, observations: state.observations.slice(0, length) };
          expect(halving.next(before).trials[0]).toEqual(proposals[length]);
        }
      }),
      { numRuns: 12 },
    );
  });

  it("never tries what surely can't fit, nor what asks for more than something that ran out of memory", () => {
    const start = space();
    const model = { ...start.model, weightBytes: 10e9, kvBytesPerToken: 1e6 };
    const { state } = runSearch(halving, { ...LAPTOP, memoryEndsAt: 8192 }, { ...start, model });
    const failed: Configuration[] = [];
    for (const { configuration, failureClass } of state.observations) {
      const { numCtx, numBatch, kvCacheType } = configuration;
      const asksForMore = failed.filter(
        (one) =>
          numCtx >= one.numCtx &&
          numBatch >= one.numBatch &&
          (kvCacheType === one.kvCacheType || kvCacheType === "f16"),
      );
      expect(asksForMore).toEqual([]);
      if (failureClass !== null) failed.push(configuration);
      const elements = configuration.kvCacheType === "q8_0" ? 34 / 64 : 1;
      const bytes = model.weightBytes + model.kvBytesPerToken * elements * configuration.numCtx;
      expect(bytes).toBeLessThanOrEqual(SURELY_ABOVE * 24e9);
    }
    expect(failed.length).toBeGreaterThan(0);
  });

  it("draws as many configurations as the sweep allows, the default among them", () => {
    const { proposals } = runSearch(halving, LAPTOP, space({ trialsMax: 12 }));
    expect(distinct(proposals)).toBe(12);
    expect(keys(proposals)[0]).toBe(configurationKey(baseConfiguration(space())));
  });

  it("confirms what leads while a time budget runs out, and begins nothing after its end", () => {
    const budgetMs = 150_000;
    const { proposals, state } = runSearch(halving, LAPTOP, space({ budgetMs }));
    const last = state.observations.at(-1)?.elapsedMs ?? 0;
    expect(spentMs(state) - last).toBeLessThan(budgetMs);
    expect(proposals.some(({ purpose }) => purpose === Purpose.CONFIRM)).toBe(true);
    expect(distinct(proposals)).toBeLessThan(distinct(runSearch(halving, LAPTOP, space()).proposals));
  });

  it("gives up with a sentence when nothing works at all", () => {
    const { proposals, notes } = runSearch(halving, { ...LAPTOP, broken: true }, space());
    expect(proposals.length).toBeLessThanOrEqual(4);
    expect(notes[0]).toMatch(/no usable sample/);
  });

  it("searches a space of a single point, and says in words why each trial is made", () => {
    const single = space({ matrix: create(MatrixSchema, { numPredict: [64] }) });
    expect(distinct(runSearch(halving, LAPTOP, single).proposals)).toBe(1);
    for (const { reason } of runSearch(halving, LAPTOP, space()).proposals) expect(reason).toMatch(/\w+ \w+/);
  });
});
