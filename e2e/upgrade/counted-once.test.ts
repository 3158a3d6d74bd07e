import { describe, expect, it } from "vitest";
import { countedOnce, type SweepSeen } from "./counted-once.ts";

const good: SweepSeen = {
  state: "done",
  trials: [
    { id: "t-1", machineId: "m-a", state: "done", attempt: 1 },
    { id: "t-2", machineId: "m-b", state: "done", attempt: 1 },
  ],
  results: [
    { attempt: "t-1/1", digest: "aa" },
    { attempt: "t-2/1", digest: "bb" },
  ],
  journals: new Map([
    [
      "m-a",
      [
        { event: "finished", attempt: "t-1/1", digest: "aa" },
        { event: "duplicate", attempt: "t-1/1" },
      ],
    ],
    [
      "m-b",
      [
        { event: "finished", attempt: "t-2/1", digest: "bb" },
        { event: "stored", attempt: "t-2/1" },
      ],
    ],
  ]),
  shown: [
    { id: "t-1", state: "done" },
    { id: "t-2", state: "done" },
  ],
  outbox: [],
  matrix: ["x"],
  screened: new Map([["m-a", new Set(["x"])]]),
};
const [first, second] = good.trials;
const twice = [
  ...(good.journals.get("m-a") ?? []),
  { event: "finished" as const, attempt: "t-1/1", digest: "aa" },
];

describe("a sweep that lived through switches of versions", () => {
  it("holds when each trial was finished, receipted and stored once, byte by byte", () => {
    expect(countedOnce(good)).toEqual([]);
  });

  it.each<[string, Partial<SweepSeen>, RegExp]>([
    ["did not end", { state: "running" }, /the sweep is running/],
    ["has no trials", { trials: [], shown: [] }, /has no trials/],
    ["lost a result", { results: good.results.slice(1) }, /t-1 has 0 results/],
    [
      "counts one twice",
      { results: [...good.results, { attempt: "t-1/2", digest: "aa" }] },
      /t-1 has 2 results/,
    ],
    [
      "has other bytes",
      { results: [{ attempt: "t-1/1", digest: "zz" }, ...good.results.slice(1)] },
      /other bytes/,
    ],
    [
      "measured one twice",
      { journals: new Map([...good.journals, ["m-a", twice]]) },
      /t-1\/1 was finished 2 times/,
    ],
    [
      "has no receipt",
      { journals: new Map([...good.journals, ["m-a", twice.slice(0, 1)]]) },
      /no agent has its/,
    ],
    ["tried one again", { trials: [{ ...first, attempt: 2 } as never, second as never] }, /took 2 attempts/],
    ["failed one", { trials: [{ ...first, state: "failed" } as never, second as never] }, /t-1 is failed/],
    ["shows another state", { shown: [{ id: "t-1", state: "running" }] }, /is shown as running/],
    ["left a result behind", { outbox: ["t-1/1"] }, /still waits in an outbox/],
    ["left a point out", { screened: new Map([["m-a", new Set()]]) }, /m-a never measured x/],
  ])("does not when it %s", (_what, change, sentence) => {
    expect(countedOnce({ ...good, ...change }).join("\n")).toMatch(sentence);
  });
});
