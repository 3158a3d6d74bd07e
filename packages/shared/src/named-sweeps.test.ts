import { describe, expect, it } from "vitest";
import { NAMED_SWEEPS, namedSweep } from "./named-sweeps.ts";
import { readSweep } from "./sweep-file.ts";

describe("the named sweeps", () => {
  it.each(NAMED_SWEEPS)("$name is a sweep file without a problem, and carries its name", (sweep) => {
    const { request, problems } = readSweep(sweep.document);
    expect(problems).toEqual([]);
    expect(request?.name).toBe(sweep.name);
  });

  it("quick asks for what a sweep without matrix and strategy asks for", () => {
    const bare = readSweep({}).request;
    expect({ ...readSweep(namedSweep("quick")?.document).request, name: "" }).toEqual(bare);
  });

  it("seed-144 is the first tool's matrix: 48 configurations in 3 runs, 144 samples", () => {
    const request = readSweep(namedSweep("seed-144")?.document).request;
    const { numCtx = [], numBatch = [], kvCacheType = [], numPredict = [] } = request?.matrix ?? {};
    expect(numCtx).toEqual([4096, 8192, 12_288, 16_384, 24_576, 32_768]);
    const configurations = numCtx.length * numBatch.length * kvCacheType.length * numPredict.length;
    expect([configurations, configurations * (request?.protocol?.repetitions ?? 0)]).toEqual([48, 144]);
    expect(request?.strategy).toBe("grid");
    expect(request?.protocol?.shareFill).toBe(true);
  });

  it("all but quick leave out what a target can't use instead of refusing it", () => {
    const leaving = NAMED_SWEEPS.filter(({ document }) => readSweep(document).request?.leaveOutMisfits);
    expect(leaving.map(({ name }) => name)).toEqual(["standard", "thorough", "seed-144"]);
  });

  it("finds no sweep by a name that is not quite right", () => {
    expect(namedSweep("Quick")).toBeNull();
    expect(namedSweep("seed144")).toBeNull();
  });
});
