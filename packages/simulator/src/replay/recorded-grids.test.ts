// The grids that were recorded on the reference engine (fixtures/grids/README.md): real timings, raw repetitions.
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { parseGrid, type RecordedGrid } from "../grids/recorded-grid.ts";
import { replayDocument } from "./replay-document.ts";

const recorded = (name: string): RecordedGrid => {
  const file = new URL(`../../fixtures/grids/${name}.jsonl.gz`, import.meta.url);
  return parseGrid(gunzipSync(readFileSync(file)).toString("utf8"));
};

describe.each(["engine-4m", "engine-30m"])("the recorded grid %s", (name) => {
  it("says that its model is synthetic, and has raw repetitions of several hundred configurations", () => {
    const { header, points } = recorded(name);
    expect(header.provenance).toBe("synthetic");
    expect(points.size).toBeGreaterThanOrEqual(240);
    const repeated = [...points.values()].filter(({ repetitions }) => repetitions.length >= 2);
    expect(repeated.length / points.size).toBeGreaterThan(0.9);
  });

  it("has every configuration that a search may ask for, and a best of each objective", () => {
    const grid = recorded(name);
    expect(replayDocument(grid, "grid", "1").trialsUsed).toBe(grid.points.size);
    for (const seed of ["1", "2", "3"]) {
      const { presets, trialsUsed, grid: whole } = replayDocument(grid, "guided", seed);
      expect(trialsUsed).toBeLessThan(0.2 * grid.points.size);
      for (const { config } of Object.values(presets)) expect(config).not.toBeNull();
      expect(whole.trialsUsed).toBe(grid.points.size);
    }
  });
});
