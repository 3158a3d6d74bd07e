import { describe, expect, it } from "vitest";
import { confidenceStatement } from "./confidence.ts";

describe("what so many schedules prove", () => {
  it("is the exact bound, rounded down", () => {
    expect(confidenceStatement(0, 20)).toBe("20 of 20: >= 86 % (95 % conf.)");
    expect(confidenceStatement(0, 1_000)).toBe("1000 of 1000: >= 99.7 % (95 % conf.)");
    expect(confidenceStatement(1, 20)).toBe("19 of 20: >= 78 % (95 % conf.)");
    expect(confidenceStatement(3, 3)).toBe("0 of 3: >= 0 % (95 % conf.)");
  });
});
