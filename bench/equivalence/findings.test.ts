import { seededRandom } from "@ozone/shared/statistics/seeded-random";
import { describe, expect, it } from "vitest";
import type { Finding } from "../claim.ts";
import { CELLS, type Rates } from "./cells.ts";
import { findingsOf } from "./findings.ts";
import type { Block, CellRecord } from "./record.ts";

const random = seededRandom("findings");
const near = (value: number): number => value * (1 + 0.02 * (random.next() - 0.5));
const rates = (factor = 1): Rates => ({ decode: near(400 * factor), prefill: near(2000 * factor) });

function block(change: { factor?: number; foreignCores?: number | null } = {}): Block {
  const { factor = 1, foreignCores = 0.05 } = change;
  return {
    agent: [rates(factor), rates(factor)],
    independent: [rates(), rates()],
    foreignCores,
  };
}

/** Ten launches a cell, each of the blocks made. */
function records(blocks: () => Block[], llamaBench: Rates | null = null): CellRecord[] {
  return CELLS.map((cell) => ({
    cell,
    rounds: Array.from({ length: 10 }, () => ({ blocks: blocks(), refusedBlocks: 0, llamaBench })),
  }));
}

const named = (findings: readonly Finding[], name: string): Finding => {
  const found = findings.find((finding) => finding.name === name);
  if (found === undefined) throw new Error(`no ${name} among ${findings.map((one) => one.name).join(", ")}`);
  return found;
};

describe("the findings", () => {
  it("are one per cell and figure and one for all, each with its interval and n", () => {
    const findings = findingsOf(records(() => [block(), block()]));
    expect(findings).toHaveLength(9);
    expect(named(findings, "equivalence")).toMatchObject({ value: 8, goal: { least: 8 }, n: 8 });
    const cell = named(findings, "equivalence_decode_358_batch_512");
    expect(cell).toMatchObject({ n: 10, goal: { least: 0.97, most: 1.03 } });
    expect(cell.low).toBeLessThan(cell.value);
    expect(cell.high).toBeGreaterThan(cell.value);
    expect(cell.detail).toContain("40 samples");
  });

  it("leave out blocks during which others used the machine, whatever their rates, and say how many", () => {
    const busy = () => block({ factor: 0.5, foreignCores: 1.4 });
    const findings = findingsOf(records(() => [block(), busy()]));
    const all = named(findings, "equivalence");
    expect(all.value).toBe(8);
    expect(all.detail).toContain("40 blocks");
    expect(all.detail).toContain("40 left out because others used the machine");
  });

  it("count every block on a machine that is never quiet, and say so", () => {
    const findings = findingsOf(records(() => [block({ factor: 0.9, foreignCores: 1.4 })]));
    const cell = named(findings, "equivalence_prefill_1433_batch_128");
    expect(named(findings, "equivalence").value).toBe(0);
    expect(cell.value).toBeCloseTo(0.9, 1);
    expect(cell.detail).toContain("others used the machine meanwhile");
  });

  it("take a machine that does not tell who uses it as quiet", () => {
    const findings = findingsOf(records(() => [block({ foreignCores: null })]));
    expect(named(findings, "equivalence_decode_358_batch_128").detail).not.toContain("meanwhile");
  });

  it("give what llama-bench says without a goal", () => {
    const findings = findingsOf(records(() => [block()], { decode: 800, prefill: 2000 }));
    const theirs = named(findings, "llama_bench_decode_358_batch_128");
    expect(theirs.goal).toEqual({});
    expect(theirs.value).toBeCloseTo(0.5, 1);
    expect(findings).toHaveLength(17);
  });
});
