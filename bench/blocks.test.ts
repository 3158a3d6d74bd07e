import { describe, expect, it } from "vitest";
import { blockInterval, interleave } from "./blocks.ts";
import { percentileBound } from "./percentile.ts";

describe("interleaved blocks", () => {
  it("take turns A B B A, so that drift touches both alike", async () => {
    const order: string[] = [];
    let clock = 0;
    const turn = (name: string) => async () => {
      order.push(name);
      clock += 1;
      return clock;
    };
    const blocks = await interleave(7, turn("a"), turn("b"));
    expect(order.join("")).toBe("abba".repeat(7));
    // A machine that slows down in a straight line gives both sides the same mean in every block.
    for (const { a, b } of blocks) expect(a[0] + a[1]).toBe(b[0] + b[1]);
  });

  it("are at least seven", async () => {
    const turn = async () => 1;
    await expect(interleave(6, turn, turn)).rejects.toThrow("at least 7");
    expect(() => blockInterval([1, 2, 3, 4, 5, 6])).toThrow("at least 7");
  });

  it("give the middle and the order statistics that cover it with 95 %", () => {
    expect(blockInterval([3, 1, 2, 7, 5, 4, 6])).toEqual({ value: 4, low: 1, high: 7, n: 7 });
    const twelve = Array.from({ length: 12 }, (_, at) => at - 6);
    expect(blockInterval(twelve)).toEqual({ value: -0.5, low: -4, high: 3, n: 12 });
  });
});

describe("a high percentile", () => {
  it("has no bound from fewer than 59 values, and the largest of 59", () => {
    const values = Array.from({ length: 59 }, (_, at) => at);
    expect(percentileBound(values.slice(1), 0.95).high).toBeNull();
    expect(percentileBound(values, 0.95).high).toBe(58);
  });

  it("is bounded by the 99th of 100 values", () => {
    const values = Array.from({ length: 100 }, (_, at) => at + 1);
    expect(percentileBound(values, 0.95)).toEqual({ value: 95.05, high: 99 });
  });
});
