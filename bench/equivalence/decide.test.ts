import { seededRandom } from "@ozone/shared/statistics/seeded-random";
import { describe, expect, it } from "vitest";
import { blockLogRatio, type CellRatios, decide, launchLogRatio } from "./decide.ts";

/** Made-up launches: a bias and noise around it, near enough to normal for the purpose. */
function launches(name: string, made: { bias: number; noise: number; n?: number }): CellRatios {
  const random = seededRandom(name);
  const about = (): number => Array.from({ length: 12 }, random.next).reduce((sum, one) => sum + one, -6);
  const logRatios = Array.from({ length: made.n ?? 10 }, () => Math.log1p(made.bias) + made.noise * about());
  return { name, logRatios };
}

const eight = (change: Readonly<Record<number, { bias: number; noise: number }>>): CellRatios[] =>
  Array.from({ length: 8 }, (_, at) => launches(`cell ${at}`, change[at] ?? { bias: 0.002, noise: 0.01 }));

const standings = (cells: readonly CellRatios[]): string[] => decide(cells).map(({ standing }) => standing);

describe("the decision over the cells", () => {
  it("is equivalent for all of them when both sides say the same within the noise", () => {
    expect(standings(eight({}))).toEqual(Array(8).fill("equivalent"));
  });

  it("finds the one cell in which the agent is 5 % off, and leaves the others alone", () => {
    const seen = decide(eight({ 3: { bias: 0.05, noise: 0.01 } }));
    expect(seen[3]).toMatchObject({ standing: "different", equivalent: false });
    expect(seen[3]?.ratioLow).toBeGreaterThan(1.03);
    expect(seen.filter(({ equivalent }) => equivalent)).toHaveLength(7);
  });

  it("finds a bias of 5 % downwards as well", () => {
    expect(standings(eight({ 6: { bias: -0.05, noise: 0.01 } }))[6]).toBe("different");
  });

  it("leaves undecided what the noise hides, instead of calling it the same", () => {
    const [first, second] = decide(eight({ 0: { bias: 0, noise: 0.15 } }));
    expect(first).toMatchObject({ standing: "undecided", equivalent: false });
    expect(second?.standing).toBe("equivalent");
  });

  it("asks more of a cell among eight than of one alone", () => {
    const near = launches("near", { bias: 0.017, noise: 0.015 });
    const [alone] = decide([near]);
    const among = decide([near, ...Array.from({ length: 7 }, (_, at) => ({ ...near, name: `same ${at}` }))]);
    expect(alone?.p).toBeLessThan(0.05);
    expect(alone?.equivalent).toBe(true);
    expect(among[0]?.holmP).toBeCloseTo(8 * (alone?.p ?? 0), 12);
    expect(among[0]?.equivalent).toBe(false);
  });

  it("takes out a drift that is even in time, and one disturbed block", () => {
    expect(blockLogRatio([100, 97], [99, 98])).toBeCloseTo(0, 3);
    expect(launchLogRatio([0.001, -0.002, 0.003, -0.4])).toBeCloseTo(-0.0005, 12);
  });
});
