// The checker on evidence made by hand: silent on what is right, red on each thing that is wrong.
import { describe, expect, it } from "vitest";
import type { JournalLine } from "../../setup/journal.ts";
import { check } from "./check.ts";
import type { Evidence } from "./evidence.ts";

const IDLE = { models: ["m"], loaded: [] };

/** Two trials of two machines; the second one's first attempt was given away, reported late and found stale. */
const RIGHT: Evidence = {
  sweepState: "done",
  trials: [
    { id: "t-1", machineId: "m-1", state: "done", attempt: 1, failureClass: null },
    { id: "t-2", machineId: "m-2", state: "done", attempt: 2, failureClass: null },
  ],
  results: [
    { trialId: "t-1", attempt: 1, machineId: "m-1", failed: false, digest: "aa", elapsedMs: 900 },
    { trialId: "t-2", attempt: 2, machineId: "m-2", failed: false, digest: "cc", elapsedMs: 900 },
  ],
  journals: new Map<string, JournalLine[]>([
    [
      "m-1",
      [
        { event: "finished", attempt: "t-1/1", digest: "aa" },
        { event: "duplicate", attempt: "t-1/1" },
      ],
    ],
    [
      "m-2",
      [
        { event: "finished", attempt: "t-2/1", digest: "bb" },
        { event: "stale", attempt: "t-2/1" },
        { event: "finished", attempt: "t-2/2", digest: "cc" },
        { event: "stored", attempt: "t-2/2" },
      ],
    ],
  ]),
  published: [
    { attempt: "t-1/1", digest: "aa" },
    { attempt: "t-1/1", digest: "aa" },
    { attempt: "t-2/2", digest: "cc" },
  ],
  receipts: [
    { attempt: "t-1/1", outcome: "stored" },
    { attempt: "t-1/1", outcome: "duplicate" },
    { attempt: "t-2/1", outcome: "stale" },
    { attempt: "t-2/2", outcome: "stored" },
  ],
  shown: [
    { id: "t-1", state: "done" },
    { id: "t-2", state: "done" },
  ],
  outbox: [],
  busy: [[{ startedMs: 0, endedMs: 100 }], [{ startedMs: 120, endedMs: 300 }]],
  engines: [
    { before: IDLE, after: IDLE },
    { before: IDLE, after: IDLE },
  ],
  resumedMs: 400,
  presetDigests: ["p", "p"],
  lastedMs: 10_000,
};

const wrong = (change: Partial<Evidence>) => check({ ...RIGHT, ...change });
const withLines = (machine: string, ...lines: JournalLine[]) =>
  new Map([...RIGHT.journals].map(([id, all]) => [id, id === machine ? [...all, ...lines] : all]));
const [first, second] = RIGHT.results;

describe("the checker of real schedules", () => {
  it("finds nothing in a schedule with a duplicate, a stale result and a second attempt", () => {
    expect(check(RIGHT)).toEqual([]);
  });

  it("finds a lost result: one whose journal has its receipt and that Postgres has not", () => {
    const found = wrong({ results: first ? [first] : [] });
    expect(found).toEqual(["I1: t-2/2 was receipted and is not in Postgres"]);
  });

  it("finds a lost result that only the harness saw receipted, for instance after a journal was torn", () => {
    const receipts = [...RIGHT.receipts, { attempt: "t-3/1", outcome: "stored" as const }];
    expect(wrong({ receipts })).toEqual(["I1: t-3/1 was receipted and is not in Postgres"]);
  });

  it("finds other bytes than those that were sent", () => {
    const results = RIGHT.results.map((result) => (result === second ? { ...result, digest: "dd" } : result));
    expect(wrong({ results })).toEqual(["I1: t-2/2 was receipted as cc and is stored as dd"]);
  });

  it("finds a doubled result: two that count for one trial, two rows, two first receipts", () => {
    const twice = second ? [...RIGHT.results, { ...second, attempt: 1, digest: "bb" }] : [];
    expect(wrong({ results: twice })).toContain("I2: trial t-2 counts more than once");
    expect(wrong({ results: second ? [...RIGHT.results, second] : [] })).toContain(
      "I2: t-2/2 is stored more than once",
    );
    const receipts = [...RIGHT.receipts, { attempt: "t-2/2", outcome: "stored" as const }];
    expect(wrong({ receipts })).toEqual(["I2: t-2/2 was receipted as newly stored more than once"]);
    const stored = { event: "stored", attempt: "t-2/2" } as const;
    expect(wrong({ journals: withLines("m-2", stored) })).toEqual([
      "I2: a journal has t-2/2 as newly stored more than once",
    ]);
  });

  it("finds an attempt that was measured twice", () => {
    const again = { event: "finished", attempt: "t-1/1", digest: "aa" } as const;
    expect(wrong({ journals: withLines("m-1", again) })).toEqual([
      "I2: t-1/1 was measured and finished more than once",
    ]);
  });

  it("finds a stale result that wrote, and an old attempt that counts", () => {
    const late = { trialId: "t-2", attempt: 1, machineId: "m-2", failed: true, digest: "bb", elapsedMs: 9 };
    expect(wrong({ results: [...RIGHT.results, late] })).toEqual(["I4: t-2/1 was stale and is stored"]);
    const trials = RIGHT.trials.map((trial) => ({ ...trial, attempt: 2 }));
    expect(wrong({ trials })).toEqual(["I4: t-1/1 counts and is not the newest attempt"]);
  });

  it("finds what does not end: a sweep, a trial, a result in an outbox, a failure without a class", () => {
    const running = RIGHT.trials.map((trial) => ({ ...trial, state: "running" }));
    const shown = RIGHT.shown.map((trial) => ({ ...trial, state: "running" }));
    expect(wrong({ sweepState: "running", trials: running, shown })).toEqual([
      "I3: the sweep is running",
      "I3: trial t-1 is running",
      "I3: trial t-2 is running",
    ]);
    expect(wrong({ outbox: ["t-9.1.result"] })).toEqual(["I3: t-9.1.result waits in an outbox for ever"]);
    const failed = RIGHT.trials.map((trial) => ({ ...trial, state: "failed" }));
    const shownFailed = RIGHT.shown.map((trial) => ({ ...trial, state: "failed" }));
    expect(wrong({ trials: failed, shown: shownFailed })).toContain("I3: trial t-1 failed without a class");
  });

  it("finds a command line that shows something else than what is stored", () => {
    expect(wrong({ shown: RIGHT.shown.slice(1) })).toEqual(["I3: trial t-1 is done and is shown as missing"]);
  });

  it("finds presets that depend on the order, and results of somebody else's trial", () => {
    expect(wrong({ presetDigests: ["p", "q"] })).toEqual([
      "I5: the presets depend on the order of the results",
    ]);
    const results = RIGHT.results.map((result) => ({ ...result, machineId: "m-1" }));
    expect(wrong({ results })).toEqual(["I6: t-2/2 was written by m-1, whose trial it is not"]);
  });

  it("finds two engines at once, an engine left otherwise, and work that does not go on", () => {
    const busy = [[{ startedMs: 0, endedMs: 200 }], [{ startedMs: 120, endedMs: 300 }]];
    expect(wrong({ busy })).toEqual(["I7: both engines inferred at once for 80 ms"]);
    const engines = [{ before: IDLE, after: { models: ["m"], loaded: ["m"] } }];
    expect(wrong({ engines })[0]).toMatch(/^I9: engine 0 was .* and is .*"loaded":\["m"\]/);
    expect(wrong({ resumedMs: 60_001 })).toEqual(["I10: no receipt within 60 s after the last fault"]);
    expect(wrong({ resumedMs: null })).toEqual([]);
  });

  it("finds a duration that a stepped clock got into", () => {
    const results = RIGHT.results.map((result) => ({ ...result, elapsedMs: 86_400_900 }));
    expect(wrong({ results })).toHaveLength(2);
  });
});
