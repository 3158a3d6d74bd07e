import { create } from "@bufbuild/protobuf";
import { ProtocolSchema, Purpose } from "@ozone/proto/configuration";
import { configurationKey } from "@ozone/shared/configuration";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type MadeMachine, madeState, runSearch } from "../../testing/made-machine.ts";
import { chooseFinalists, confirmedSamples } from "../finalists.ts";
import { baseConfiguration } from "../option-space.ts";
import type { Proposal, SearchState } from "../strategy.ts";
import { quick } from "./index.ts";

const LAPTOP: MadeMachine = { prefillTokensPerSecond: 4_000, decodeTokensPerSecond: 400 };
const SLOW: MadeMachine = { prefillTokensPerSecond: 150, decodeTokensPerSecond: 12, launchMs: 3_000 };

const distinct = (proposals: readonly Proposal[]) =>
  new Set(proposals.map(({ configuration }) => configurationKey(configuration))).size;
const spentMs = ({ observations }: SearchState) =>
  observations.reduce((sum, { elapsedMs }) => sum + elapsedMs, 0);
const contexts = (proposals: readonly Proposal[]) =>
  proposals.map(({ configuration }) => configuration.numCtx);

describe("the quick sweep", () => {
  it("tries at least eight configurations, the default among them", () => {
    const { proposals, state } = runSearch(quick, LAPTOP);
    expect(distinct(proposals)).toBeGreaterThanOrEqual(8);
    const keys = proposals.map(({ configuration }) => configurationKey(configuration));
    expect(keys).toContain(configurationKey(baseConfiguration(state)));
  });

  it("stays inside its time box", () => {
    for (const machine of [LAPTOP, SLOW]) {
      expect(spentMs(runSearch(quick, machine).state)).toBeLessThanOrEqual(240_000);
    }
  });

  it("confirms every finalist on two launches with six samples when there is time", () => {
    const { state } = runSearch(quick, LAPTOP);
    const finalists = chooseFinalists(state.observations, configurationKey(baseConfiguration(state)));
    expect(finalists.length).toBeGreaterThanOrEqual(2);
    for (const { key } of finalists)
      expect(confirmedSamples(state.observations, key).length).toBeGreaterThanOrEqual(6);
  });

  it("stops the ladder where one fill would take over ten seconds, and says that time was the limit", () => {
    const { proposals, notes } = runSearch(quick, LAPTOP);
    const top = Math.max(...contexts(proposals));
    const fillSeconds = ((0.9 * top) / 4_000) * (1 + (0.5 * 0.9 * top) / 10_000);
    expect(fillSeconds).toBeLessThan(11);
    expect(top).toBeGreaterThan(8_192);
    expect(notes.join(" ")).toMatch(/limited by time, not by memory/);
  });

  it("tries eight configurations on a slow machine too, at contexts that fill in time", () => {
    const { proposals } = runSearch(quick, SLOW);
    expect(distinct(proposals)).toBeGreaterThanOrEqual(8);
    expect(proposals.some(({ purpose }) => purpose === Purpose.CONFIRM)).toBe(true);
  });

  it("keeps what is measured besides for confirmations, and still stays inside its box", () => {
    const besides = { depths: [0.25, 0.5], warmPrefix: true, sustainedMs: 5_000 };
    const start = madeState();
    const protocol = create(ProtocolSchema, { ...start.protocol, ...besides });
    const { proposals, state } = runSearch(quick, LAPTOP, { ...start, protocol });
    for (const { purpose, protocol } of proposals) {
      expect(protocol.sustainedMs).toBe(purpose === Purpose.CONFIRM ? 5_000 : 0);
      expect(protocol.depths).toHaveLength(purpose === Purpose.CONFIRM ? 2 : 0);
    }
    expect(proposals.some(({ purpose }) => purpose === Purpose.CONFIRM)).toBe(true);
    expect(spentMs(state)).toBeLessThanOrEqual(240_000);
  });

  it("does not climb beyond a context that ran out of memory", () => {
    const { proposals } = runSearch(quick, { ...LAPTOP, memoryEndsAt: 8_192 });
    expect(contexts(proposals).filter((numCtx) => numCtx >= 8_192)).toHaveLength(1);
  });

  it("skips contexts that surely can't fit the memory", () => {
    const start = madeState();
    const tight = { ...start, model: { ...start.model, kvBytesPerToken: 3e6 } };
    const { proposals } = runSearch(quick, LAPTOP, tight);
    expect(Math.max(...contexts(proposals))).toBeLessThan(12_288);
  });

  it("gives up with a sentence when nothing works at all", () => {
    const { proposals, notes } = runSearch(quick, { ...LAPTOP, broken: true });
    expect(proposals).toHaveLength(3);
    expect(notes[0]).toMatch(/no usable sample/);
  });

  it("gives every trial a reason in words", () => {
    for (const { reason } of runSearch(quick, LAPTOP).proposals) expect(reason).toMatch(/\w+ \w+/);
  });

  it("ends within its box and repeats itself on any machine", () => {
    const machines = fc.record({
      prefillTokensPerSecond: fc.integer({ min: 20, max: 20_000 }),
      decodeTokensPerSecond: fc.integer({ min: 2, max: 800 }),
      depthCost: fc.double({ min: 0, max: 3, noNaN: true }),
      launchMs: fc.integer({ min: 300, max: 12_000 }),
    });
    fc.assert(
      fc.property(machines, (machine) => {
        const first = runSearch(quick, machine);
        // The first trial is made before anything is known of the machine's speed.
        const allowed = 240_000 + (first.state.observations[0]?.elapsedMs ?? 0);
        expect(spentMs(first.state)).toBeLessThanOrEqual(allowed * 1.1);
        expect(runSearch(quick, machine).proposals).toEqual(first.proposals);
      }),
      { numRuns: 40 },
    );
  });
});
