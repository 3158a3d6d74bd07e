import { strategyNamed } from "@ozone/coordinator/search/strategies";
import { configurationKey } from "@ozone/shared/configuration";
import { describe, expect, it } from "vitest";
import { UsageProblem } from "../command-line.ts";
import { startState } from "../replay/replay.ts";
import { machinesOfClass, madeClass, recordedClass } from "./made-class.ts";
import { runClass } from "./run-class.ts";
import { shareCommand } from "./share-command.ts";
import { shareRuns } from "./share-runs.ts";
import { goalFor, shareDocument, shareText } from "./share-table.ts";

const MADE = madeClass("tabular-2");

describe("A class of simulated machines", () => {
  it("finishes a grid nearly as many times sooner as it has machines", () => {
    const grid = strategyNamed("grid");
    if (!grid) throw new Error("no grid");
    const search = startState(MADE.grid, { seed: "1", trialsMax: 0 });
    const [one, four] = [1, 4].map((k) => runClass(grid, search, machinesOfClass(MADE, k, "1")).seconds);
    expect((one ?? 0) / (four ?? 1) / 4).toBeGreaterThan(0.9);
  });

  it("measures what one machine would: every point, whoever is faster", () => {
    const grid = strategyNamed("grid");
    if (!grid) throw new Error("no grid");
    const search = startState(MADE.grid, { seed: "1", trialsMax: 0 });
    const { observations, machineSeconds, seconds } = runClass(grid, search, machinesOfClass(MADE, 3, "1"));
    const keys = new Set(observations.map(({ configuration }) => configurationKey(configuration)));
    expect(keys.size).toBe(MADE.grid.points.size);
    expect(machineSeconds).toBeLessThanOrEqual(3 * seconds);
  });

  it("shares a guided search, finds the slower machine and nobody else, and says so in a table", () => {
    const runs = shareRuns([MADE], { strategy: "guided", seeds: ["1"], ks: [1, 2] });
    const document = shareDocument("guided", runs);
    expect(document.equal.map(({ machines, odd }) => [machines, odd])).toEqual([
      [1, 0],
      [2, 0],
    ]);
    expect(document.equal[1]?.sooner).toBeGreaterThan(1.5);
    expect(document.equal[1]?.notWorse).toBe(1);
    expect([document.odd.found, document.odd.wrong]).toEqual([1, 0]);
    expect(shareText(document)).toMatch(/The first of them: "m4 is odd: /);
    expect(shareText(document)).toContain("| 2 equal machines |");
  });

  it("is made of one recorded grid as well, each copy in an order of its own", () => {
    const recorded = recordedClass("recorded", MADE.grid);
    const [point] = MADE.grid.points.values();
    const [one, other] = machinesOfClass(recorded, 2, "1");
    const proposal = {
      configuration: point?.configuration,
      purpose: 1,
      protocol: { launches: 1, repetitions: 12 },
      reason: "",
    } as unknown as Parameters<NonNullable<typeof one>["run"]>[0];
    const rates = [one, other].map((machine) =>
      machine
        ?.run(proposal)
        .observation.samples.map(({ decodeTokensPerSecond = 0 }) => decodeTokensPerSecond),
    );
    // Six are handed out; then they come round again.
    for (const mine of rates) expect(mine?.slice(0, 6)).toEqual(mine?.slice(6));
    expect(rates[0]).not.toEqual(rates[1]);
  });
});

describe("ozone-sim share", () => {
  it("asks for what search.md asks for", () => {
    expect(goalFor("grid", 4)).toBe(0.9);
    expect([goalFor("guided", 2), goalFor("guided", 8)]).toEqual([0.85, 0.6]);
  });

  it("never looks at the half that searches are judged by", () => {
    expect(() => shareCommand(["--half", "report"])).toThrow(UsageProblem);
    expect(() => shareCommand(["--half", "development", "--k", "0"])).toThrow(/--k is "0"/);
    expect(() => shareCommand(["--half", "development", "--strategy", "quick"])).toThrow(
      /use grid or guided/,
    );
  });
});
