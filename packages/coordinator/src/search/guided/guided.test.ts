import { create } from "@bufbuild/protobuf";
import { ProtocolSchema, Purpose } from "@ozone/proto/configuration";
import { MatrixSchema } from "@ozone/proto/sweep";
import { configuration, configurationKey } from "@ozone/shared/configuration";
import { makeObjective, OBJECTIVES } from "@ozone/shared/objective";
import { describe, expect, it } from "vitest";
import { type MadeMachine, madeState, runSearch } from "../../testing/made-machine.ts";
import { chooseFinalists, measuredConfigurations } from "../finalists.ts";
import { grid } from "../grid.ts";
import { baseConfiguration } from "../option-space.ts";
import type { Proposal, SearchState, Strategy } from "../strategy.ts";
import { guided, trialLimit } from "./index.ts";

const LAPTOP: MadeMachine = { prefillTokensPerSecond: 4_000, decodeTokensPerSecond: 400 };

/** 7 x 8 x 2 x 3 points. */
const space = (): SearchState => ({
  ...madeState(0),
  protocol: create(ProtocolSchema, { fill: 0.9, repetitions: 1, launches: 1, limitMs: 600_000 }),
  matrix: create(MatrixSchema, {
    numCtx: [1024, 2048, 4096, 8192, 16_384, 32_768, 65_536],
    numBatch: [16, 32, 64, 128, 256, 512, 1024, 2048],
    numThread: [1, 2],
    kvCacheType: ["f16", "q8_0", "q4_0"],
    numPredict: [64],
  }),
});
const distinct = (proposals: readonly Proposal[]) =>
  new Set(proposals.map(({ configuration }) => configurationKey(configuration))).size;
const leaders = ({ observations }: SearchState) =>
  new Map(
    chooseFinalists(observations, "").flatMap(({ leadsFor, figures }) =>
      leadsFor.map((purpose) => [purpose, figures] as const),
    ),
  );

describe("the guided search", () => {
  it("finds what the grid finds with a fraction of its trials", () => {
    const search = runSearch(guided, LAPTOP, space());
    const truth = leaders(runSearch(grid, LAPTOP, space()).state);
    expect(distinct(search.proposals)).toBeLessThanOrEqual(trialLimit(336, 0));
    for (const [purpose, figures] of leaders(search.state)) {
      const best = truth.get(purpose);
      expect(figures.numCtx, purpose).toBe(best?.numCtx);
      expect(figures.decodeTokensPerSecond / (best?.decodeTokensPerSecond ?? 0), purpose).toBeGreaterThan(
        0.98,
      );
      expect(figures.ttftMs / (best?.ttftMs ?? 0), purpose).toBeLessThan(1.02);
    }
  });

  it("measures the default first and says in words why each trial is made", () => {
    const { proposals, state } = runSearch(guided, LAPTOP, space());
    expect(configurationKey(proposals[0]?.configuration ?? baseConfiguration(state))).toBe(
      configurationKey(baseConfiguration(state)),
    );
    for (const { reason } of proposals) expect(reason).toMatch(/\w+ \w+/);
  });

  it("makes the same search from the same seed, and another from another", () => {
    const keys = (seed: string) =>
      runSearch(guided, LAPTOP, { ...space(), seed }).proposals.map(({ configuration }) =>
        configurationKey(configuration),
      );
    expect(keys("a")).toEqual(keys("a"));
    expect(keys("a")).not.toEqual(keys("b"));
  });

  it("goes on where it was after any interruption: each step follows from the observations alone", () => {
    const { state, proposals } = runSearch(guided, LAPTOP, space());
    for (const length of [1, 5, 12, proposals.length - 1]) {
      const before = { ...state, observations: state.observations.slice(0, length) };
      const [next] = guided.next(before).trials;
      const again = guided.next({ ...before, observations: [...before.observations] }).trials[0];
      expect(next).toEqual(again);
    }
  });

  it("begins with the default and what serves others of the class, as far as it is in the matrix and may fit", () => {
    const pick = configuration({
      numCtx: 8192,
      numBatch: 256,
      numThread: 1,
      kvCacheType: "q8_0",
      numPredict: 64,
    });
    const elsewhere = configuration({ numCtx: 5000, numBatch: 256, numPredict: 64 });
    const { trials } = guided.next({ ...space(), peers: [elsewhere, { ...pick, numPredict: 128 }, pick] });
    expect(trials.map((trial) => configurationKey(trial.configuration))).toEqual([
      configurationKey(baseConfiguration(space())),
      configurationKey(pick),
    ]);
    const small = { ...space().machine, memoryBytes: 5e6 };
    expect(guided.next({ ...space(), machine: small, peers: [pick] }).trials).toHaveLength(1);
  });

  it("finds the largest context that fits with few failures", () => {
    const tight: MadeMachine = { ...LAPTOP, memoryEndsAt: 16_384 };
    const start = space();
    const { state } = runSearch(guided, tight, { ...start, model: { ...start.model, kvBytesPerToken: 0 } });
    const failures = state.observations.filter(({ failureClass }) => failureClass !== null);
    const top = Math.max(...measuredConfigurations(state.observations).map(({ figures }) => figures.numCtx));
    expect(top).toBe(8192);
    expect(failures.length).toBeLessThanOrEqual(4);
  });

  it("never tries what asks for at least as much as something that ran out of memory", () => {
    const { proposals, state } = runSearch(guided, { ...LAPTOP, memoryEndsAt: 16_384 }, space());
    const failedFrom = Math.min(
      ...state.observations.filter((one) => one.failureClass).map((one) => one.configuration.numCtx),
    );
    const beyond = proposals.filter(({ configuration }) => configuration.numCtx > failedFrom);
    for (const { configuration } of beyond) expect(configuration.kvCacheType).toBe("q4_0");
  });

  it("confirms only leaders, their close seconds and the default, on fresh samples", () => {
    const { proposals } = runSearch(guided, LAPTOP, space());
    const confirmations = proposals.filter(({ purpose }) => purpose === Purpose.CONFIRM);
    expect(confirmations.length).toBeGreaterThanOrEqual(2);
    expect(confirmations.length).toBeLessThanOrEqual(7);
    for (const { protocol } of confirmations) expect(protocol.launches).toBe(2);
  });

  it("keeps to the number of configurations that the sweep allows", () => {
    const { proposals } = runSearch(guided, LAPTOP, { ...space(), trialsMax: 12 });
    expect(distinct(proposals)).toBeLessThanOrEqual(12);
  });

  it("confirms what leads while a time budget runs out, and begins nothing after its end", () => {
    const budgetMs = 120_000;
    const { proposals, state } = runSearch(guided, LAPTOP, { ...space(), budgetMs });
    const spentMs = state.observations.slice(0, -1).reduce((sum, { elapsedMs }) => sum + elapsedMs, 0);
    expect(proposals.some(({ purpose }) => purpose === Purpose.CONFIRM)).toBe(true);
    expect(spentMs).toBeLessThan(budgetMs);
    expect(distinct(proposals)).toBeLessThan(distinct(runSearch(guided, LAPTOP, space()).proposals));
  });

  it("gives up with a sentence when nothing works at all", () => {
    const { proposals, notes } = runSearch(guided, { ...LAPTOP, broken: true }, space());
    expect(proposals.length).toBeLessThanOrEqual(4);
    expect(notes[0]).toMatch(/no usable sample/);
  });

  it("looks for what a person's own objectives ask for, and confirms it", () => {
    const data = { minimise: "ttft_ms", where: "num_ctx >= 16384 and num_thread <= 1" };
    const own = makeObjective({ purpose: "first_word", words: "", useCase: "", data });
    const objectives = [...OBJECTIVES, own];
    const best = (strategy: Strategy, given: Partial<SearchState>, purposes: readonly Purpose[]) => {
      const { state } = runSearch(strategy, LAPTOP, { ...space(), ...given });
      const seen = state.observations.filter(({ purpose }) => purposes.includes(purpose));
      return chooseFinalists(seen, "", objectives).find(({ leadsFor }) => leadsFor.includes("first_word"));
    };
    const truth = best(grid, { objectives }, [Purpose.SCREEN, Purpose.CONFIRM])?.figures.ttftMs ?? 0;
    const confirmed = best(guided, { objectives }, [Purpose.CONFIRM]);
    expect(confirmed?.configuration).toMatchObject({ numCtx: 16_384, numThread: 1 });
    expect((confirmed?.figures.ttftMs ?? 0) / truth).toBeLessThan(1.02);
    expect(best(guided, {}, [Purpose.CONFIRM])?.configuration.numCtx).not.toBe(16_384);
  });

  it("searches a space of one dimension and one of a single point", () => {
    const line = {
      ...space(),
      matrix: create(MatrixSchema, { numCtx: [1024, 2048, 4096], numPredict: [64] }),
    };
    expect(distinct(runSearch(guided, LAPTOP, line).proposals)).toBe(3);
    const single = { ...space(), matrix: create(MatrixSchema, { numPredict: [64] }) };
    expect(distinct(runSearch(guided, LAPTOP, single).proposals)).toBe(1);
  });
});
