import { expect, it } from "vitest";
import { limitLines } from "./line-limit.ts";

it("a sender has its lines per minute, the first of the next says how many were left out, and others have their own", () => {
  let nowMs = 0;
  const limit = limitLines({ lines: 2, perMs: 60_000, now: () => nowMs });
  const admitted = Array.from({ length: 100 }, () => limit.admit("m-1"));
  expect(admitted.filter((leftOut) => leftOut !== null)).toEqual([0, 0]);
  expect(limit.admit("m-2")).toBe(0);
  nowMs = 59_999;
  expect(limit.admit("m-1")).toBeNull();
  nowMs = 60_000;
  expect([limit.admit("m-1"), limit.admit("m-1"), limit.admit("m-1")]).toEqual([99, 0, null]);
});
