import { readFileSync } from "node:fs";
import { create } from "@bufbuild/protobuf";
import { Purpose } from "@ozone/proto/configuration";
import { MatrixSchema } from "@ozone/proto/sweep";
import { describe, expect, it } from "vitest";
import { madeState, runSearch } from "../../testing/made-machine.ts";
import { grid } from "../grid.ts";
import { plugInState } from "./question.ts";

const PAGE = new URL("../../../../../docs/plug-in-strategies.md", import.meta.url);

/** Names of all fields, lists by their first item. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, 1).map(shapeOf);
  if (typeof value !== "object" || value === null) return typeof value === "string" ? "text" : "value";
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, one]) => [name, shapeOf(one)]));
}

const start = {
  ...madeState(600_000),
  matrix: create(MatrixSchema, { numCtx: [4096, 8192], numBatch: [128, 256, 512], numPredict: [64] }),
};
const { state } = runSearch(grid, { prefillTokensPerSecond: 800, decodeTokensPerSecond: 44 }, start);

describe("the state that a plug-in strategy is given", () => {
  it("has the very fields that the documentation shows", () => {
    const [, example = ""] = /```json\n([\s\S]*?)```/.exec(readFileSync(PAGE, "utf8")) ?? [];
    expect(shapeOf(plugInState(state))).toEqual(shapeOf(JSON.parse(example)));
  });

  it("is plain data: nothing is lost on the way through JSON", () => {
    expect(JSON.parse(JSON.stringify(plugInState(state)))).toEqual(plugInState(state));
  });

  it("leaves drift references out, but not their time", () => {
    const reference = state.observations.slice(0, 1).map((one) => ({ ...one, purpose: Purpose.REFERENCE }));
    const withOne = plugInState({ ...state, observations: [...reference, ...state.observations] });
    expect(withOne.observations).toHaveLength(state.observations.length);
    expect(withOne.spentMs).toBeGreaterThan(plugInState(state).spentMs);
  });
});
