import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { WaitReasonSchema } from "@ozone/proto/wait";
import { describe, expect, it } from "vitest";
import { waitMessage, waitReasonOf } from "./wait-message.ts";
import { type WaitReason, waitWords } from "./wait-reason.ts";

const sent = (reason: WaitReason) =>
  waitReasonOf(fromBinary(WaitReasonSchema, toBinary(WaitReasonSchema, waitMessage(reason))));

describe("a reason for waiting that travels", () => {
  it("is the same behind the wire, to the millisecond; what it does not say stays unsaid", () => {
    const reason = { kind: "in_use", detail: "keyboard", sinceMs: 1_700_000_000_000 };
    expect(sent(reason)).toEqual(reason);
    expect(sent({ kind: "budget", detail: "x", untilMs: 1_700_000_000_000 + 1 / 3 }).untilMs).toBe(
      1_700_000_000_000,
    );
  });

  it("has no moment that no calendar has, whatever an agent says", () => {
    const at = (seconds: bigint, nanos = 0) =>
      waitReasonOf(create(WaitReasonSchema, { kind: "in_use", since: { seconds, nanos } }));
    for (const odd of [at(-1n), at(2n ** 62n), at(9_999_999_999_999n), at(0n, -2_000_000)])
      expect(odd).toEqual({ kind: "in_use", detail: "" });
    expect(at(1n, 500_000_000).sinceMs).toBe(1_500);
  });

  it("is cut to what a screen shows, and is shown also when only another version knows its kind", () => {
    expect(sent({ kind: "in_use", detail: "k".repeat(10_000) }).detail).toHaveLength(200);
    expect(waitWords(sent({ kind: "moved", detail: "the lab is closed" }), 0)).toBe(
      "waits: the lab is closed",
    );
  });
});

describe("the words of a reason", () => {
  const noon = Date.parse("2026-11-26T12:00:00Z");
  it("give times of today, and dates of other days", () => {
    const since = { kind: "in_use", detail: "keyboard", sinceMs: noon - 3_600_000 };
    expect(waitWords(since, noon)).toBe("waits: in use since 11:00 UTC (keyboard)");
    expect(waitWords({ ...since, untilMs: noon + 600_000 }, noon)).toBe(
      "waits: in use since 11:00 UTC (keyboard); goes on at 12:10 UTC if nobody comes",
    );
    expect(waitWords({ ...since, sinceMs: noon - 86_400_000 }, noon)).toContain("since 2026-11-25 12:00 UTC");
  });
});
