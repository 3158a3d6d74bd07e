import { describe, expect, it } from "vitest";
import { judgeUse, type Sign } from "./judge-use.ts";

const MINUTE_MS = 60_000;
const NOW_MS = Date.parse("2026-11-26T14:10:00Z");
const sign = (minutesAgo: number, detail = "keyboard", quietMinutes = 10): Sign => ({
  detail,
  usedAgoMs: minutesAgo * MINUTE_MS,
  quietMs: quietMinutes * MINUTE_MS,
});
const seen = (...signs: Sign[]) => ({ signs, problem: null });

describe("whether somebody uses the machine", () => {
  it("is no while every sign is as old as it has to be", () => {
    expect(judgeUse(null, seen(), NOW_MS)).toBeNull();
    expect(judgeUse(null, seen(sign(10), sign(1, "load", 1)), NOW_MS)).toBeNull();
  });

  it("is said with what was seen last and since when; when it will be free only once nobody is there", () => {
    expect(judgeUse(null, seen(sign(0)), NOW_MS)).toEqual({
      kind: "in_use",
      detail: "keyboard",
      sinceMs: NOW_MS,
    });
    expect(judgeUse(null, seen(sign(7), sign(4, "mouse")), NOW_MS)).toEqual({
      kind: "in_use",
      detail: "mouse",
      sinceMs: NOW_MS - 7 * MINUTE_MS,
      untilMs: NOW_MS + 6 * MINUTE_MS,
    });
  });

  it("keeps the beginning of a spell, and begins a new one after a break", () => {
    const before = judgeUse(null, seen(sign(0)), NOW_MS);
    const later = NOW_MS + 5 * MINUTE_MS;
    expect(judgeUse(before, seen(sign(0, "mouse")), later)).toMatchObject({
      sinceMs: NOW_MS,
      detail: "mouse",
    });
    expect(judgeUse(null, seen(sign(0)), later)).toMatchObject({ sinceMs: later });
  });

  it("is not guessed where nobody can see it", () => {
    const unknown = judgeUse(null, { signs: [], problem: "it can't be seen here" }, NOW_MS);
    expect(unknown).toEqual({ kind: "use_unknown", detail: "it can't be seen here" });
  });
});
