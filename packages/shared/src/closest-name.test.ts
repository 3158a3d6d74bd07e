import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { closestName, editDistance } from "./closest-name.ts";

describe("closestName()", () => {
  it("finds the name that was meant", () => {
    expect(closestName("numctx", ["num_batch", "num_ctx"])).toBe("num_ctx");
    expect(closestName("num-ctx", ["num_batch", "num_ctx"])).toBe("num_ctx");
    expect(closestName("stratgey", ["strategy", "budget"])).toBe("strategy");
    expect(closestName("swep", ["sweep", "status"])).toBe("sweep");
  });

  it("suggests nothing when nothing is near", () => {
    expect(closestName("temperature", ["num_batch", "num_ctx"])).toBeNull();
    expect(closestName("x", [])).toBeNull();
  });
});

describe("editDistance()", () => {
  it("is zero for equal texts only, symmetric, and at most the longer length", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 }), (a, b) => {
        const distance = editDistance(a, b);
        expect(distance).toBe(editDistance(b, a));
        expect(distance === 0).toBe(a === b);
        expect(distance).toBeLessThanOrEqual(Math.max(a.length, b.length));
      }),
    );
  });

  it("counts a swap of neighbours once", () => {
    expect(editDistance("sweep", "sewep")).toBe(1);
  });
});
