import { create } from "@bufbuild/protobuf";
import { Purpose } from "@ozone/proto/configuration";
import { MatrixSchema } from "@ozone/proto/sweep";
import { configurationKey } from "@ozone/shared/configuration";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { madeState, runSearch } from "../testing/made-machine.ts";
import { grid } from "./grid.ts";
import { baseConfiguration, expandMatrix, matrixSize } from "./option-space.ts";

const MACHINE = { prefillTokensPerSecond: 3_000, decodeTokensPerSecond: 200 };
const matrix = create(MatrixSchema, { numCtx: [2048, 4096], numBatch: [128, 512], numThread: [1, 2] });

describe("the grid", () => {
  it("screens every point of the matrix exactly once", () => {
    const { proposals } = runSearch(grid, MACHINE, { ...madeState(0), matrix });
    const screened = proposals.filter(({ purpose }) => purpose === Purpose.SCREEN);
    expect(screened).toHaveLength(8);
    expect(new Set(screened.map(({ configuration }) => configurationKey(configuration))).size).toBe(8);
  });

  it("adds the default configuration when the matrix does not have it", () => {
    const state = { ...madeState(0), matrix: create(MatrixSchema, { numCtx: [1024] }) };
    const { proposals } = runSearch(grid, MACHINE, state);
    const keys = proposals.map(({ configuration }) => configurationKey(configuration));
    expect(keys).toContain(configurationKey(baseConfiguration(state)));
  });

  it("confirms the finalists on fresh samples, two launches each, and then ends", () => {
    const { proposals } = runSearch(grid, MACHINE, { ...madeState(0), matrix });
    const confirmed = proposals.filter(({ purpose }) => purpose === Purpose.CONFIRM);
    expect(confirmed.length).toBeGreaterThanOrEqual(1);
    for (const { protocol } of confirmed)
      expect(protocol.launches * protocol.repetitions).toBeGreaterThanOrEqual(6);
  });

  it("leaves out quantised caches without flash attention, and says so", () => {
    const settings = create(MatrixSchema, {
      kvCacheType: ["f16", "q8_0", "q4_0"],
      flashAttention: ["on", "off"],
    });
    const { trials, notes } = grid.next({ ...madeState(0), matrix: settings });
    const points = trials.map(({ configuration: one }) => `${one.kvCacheType} ${one.flashAttention}`);
    expect(points).toEqual([" ", "f16 on", "f16 off", "q8_0 on", "q4_0 on"]);
    expect(notes).toEqual([expect.stringMatching(/q8_0, q4_0 with flash_attention off was left out/)]);
  });

  it("never gives a batch larger than its context", () => {
    const points = expandMatrix(
      create(MatrixSchema, { numCtx: [256], numBatch: [2048] }),
      baseConfiguration(madeState()),
    );
    expect(points.map(({ numBatch }) => numBatch)).toEqual([256]);
  });

  it("expands to as many points as the product of its values, whatever they are", () => {
    const values = fc.uniqueArray(fc.integer({ min: 2048, max: 9000 }), { minLength: 0, maxLength: 4 });
    fc.assert(
      fc.property(values, values, (numCtx, numPredict) => {
        const some = create(MatrixSchema, { numCtx, numPredict });
        expect(expandMatrix(some, baseConfiguration(madeState()))).toHaveLength(matrixSize(some));
      }),
    );
  });
});
