import { create } from "@bufbuild/protobuf";
import { SampleKind, TrialResultSchema } from "@ozone/proto/trial";
import { describe, expect, it } from "vitest";
import { rejectionRows } from "./troubles.ts";

const result = (kind: SampleKind) =>
  create(TrialResultSchema, {
    modelName: "m",
    samples: [{ kind, checks: [{ code: "no_prefix_cache", passed: false, detail: "as seen" }] }],
  });

describe("failed checks in a report", () => {
  it("say of a prompt that was to come from the cache that it did not, and of a fill that it did", () => {
    const rows = rejectionRows([result(SampleKind.FILLED), result(SampleKind.SHORTER)]);
    expect(rows.map(({ check, samples }) => [check, samples])).toEqual([
      ["no_prefix_cache", 1],
      ["no_prefix_cache", 1],
    ]);
    expect(rows[0]?.advice).toContain("came from a cache");
    expect(rows[1]?.advice).toContain("computed a prompt again");
  });
});
