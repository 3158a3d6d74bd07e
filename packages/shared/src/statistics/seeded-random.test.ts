import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { seededRandom } from "./seeded-random.ts";

describe("seededRandom", () => {
  // From a second implementation, in Python with integers of any size.
  it.each([
    ["ozone", [0.2759967784890527, 0.14245621768408345, 0.45528031650233836]],
    ["", [0.05434431914414717, 0.7676351627625747, 0.8140115815973185]],
    ["é中", [0.47578324386745285, 0.902020342458119, 0.6207686020749904]],
  ])(
    "gives for the seed %j the numbers of an independent implementation, to the last bit",
    (seed, numbers) => {
      const random = seededRandom(seed);
      expect(numbers.map(() => random.next())).toEqual(numbers);
    },
  );

  it("draws whole numbers from the same words", () => {
    const random = seededRandom("ozone");
    expect([1, 2, 3, 4, 5, 6].map(() => random.integer(1000))).toEqual([148, 283, 772, 960, 52, 791]);
  });

  it("stays in range for any seed", () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 1, max: 2 ** 31 - 1 }), (seed, n) => {
        const random = seededRandom(seed);
        const drawn = random.integer(n);
        expect(Number.isInteger(drawn) && drawn >= 0 && drawn < n).toBe(true);
        const next = random.next();
        expect(next >= 0 && next < 1).toBe(true);
      }),
    );
  });

  it("fills ten equal bins evenly (chi-square of 100,000 draws below its 99.9 % point)", () => {
    const random = seededRandom("bins");
    const bins = new Array<number>(10).fill(0);
    for (let draw = 0; draw < 100_000; draw += 1) {
      const bin = Math.floor(random.next() * 10);
      bins[bin] = (bins[bin] ?? 0) + 1;
    }
    const chiSquare = bins.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0);
    expect(chiSquare).toBeLessThan(27.88);
    expect(chiSquare).toBeGreaterThan(0.5);
  });

  it("gives similar seeds unrelated numbers", () => {
    const firsts = Array.from({ length: 1000 }, (_, i) => seededRandom(`seed-${i}`).next());
    expect(new Set(firsts).size).toBe(1000);
    const mean = firsts.reduce((sum, value) => sum + value, 0) / 1000;
    expect(Math.abs(mean - 0.5)).toBeLessThan(4 / Math.sqrt(12_000));
  });

  it("shuffles into a permutation and leaves the input alone", () => {
    fc.assert(
      fc.property(fc.string(), fc.array(fc.integer()), (seed, items) => {
        const before = [...items];
        const shuffled = seededRandom(seed).shuffle(items);
        expect(items).toEqual(before);
        expect([...shuffled].sort((a, b) => a - b)).toEqual([...items].sort((a, b) => a - b));
        expect(seededRandom(seed).shuffle(items)).toEqual(shuffled);
      }),
    );
  });

  it("puts each item into each place equally often", () => {
    const random = seededRandom("places");
    const orders = new Map<string, number>();
    for (let turn = 0; turn < 6000; turn += 1) {
      const order = random.shuffle(["a", "b", "c"]).join("");
      orders.set(order, (orders.get(order) ?? 0) + 1);
    }
    expect(orders.size).toBe(6);
    for (const count of orders.values()) expect(Math.abs(count - 1000)).toBeLessThan(120);
  });

  it("picks one of the items, also where undefined is one of them", () => {
    expect(seededRandom("x").pick([undefined])).toBeUndefined();
    expect(["a", "b"]).toContain(seededRandom("x").pick(["a", "b"]));
    expect(() => seededRandom("x").pick([])).toThrow(RangeError);
  });

  it("forks sources that neither move nor resemble one another", () => {
    const parent = seededRandom("s");
    const expected = seededRandom("s").next();
    const a = parent.fork("a");
    const b = parent.fork("b");
    a.next();
    expect(parent.next()).toBe(expected);
    expect(b.next()).toBe(seededRandom("s").fork("b").next());
    expect(seededRandom("s").fork("a").next()).not.toBe(seededRandom("s").fork("b").next());
    expect(seededRandom("a").fork("b/c").next()).not.toBe(seededRandom("a/b").fork("c").next());
  });

  it("refuses a range that is no whole number from 1 to 2^32", () => {
    for (const n of [0, -1, 1.5, Number.NaN, 2 ** 33]) {
      expect(() => seededRandom("x").integer(n)).toThrow(RangeError);
    }
  });
});
