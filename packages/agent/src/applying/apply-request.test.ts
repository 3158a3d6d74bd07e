// The request that `ozone-agent apply` reads.
import { toJson } from "@bufbuild/protobuf";
import { PresetSchema } from "@ozone/proto/preset";
import { describe, expect, it } from "vitest";
import { readApplyRequest } from "./apply-request.ts";
import { presetFor } from "./preset-material.ts";

const preset = presetFor({ version: "1", digest: "d".repeat(64) });
const written = (more: object): string =>
  JSON.stringify({ preset: toJson(PresetSchema, preset, { alwaysEmitImplicit: true }), ...more });

describe("a request to apply a preset", () => {
  it("is read with the preset as the control API gives it, and asks for nothing that is not said", () => {
    expect(readApplyRequest(written({}))).toEqual({
      ...{ preset, as: "", replace: false, despiteChanges: false, allowBattery: false },
      quietWaitMs: 15_000,
    });
    const all = { as: "mine:1", replace: true, despiteChanges: true, allowBattery: true, quietWaitMs: 0 };
    expect(readApplyRequest(written(all))).toEqual({ preset, ...all });
  });

  it("may say more than this version knows", () => {
    expect(readApplyRequest(written({ canary: true }))).toMatchObject({ replace: false });
    const newer = { ...(toJson(PresetSchema, preset) as object), fromTheFuture: 1 };
    expect(readApplyRequest(JSON.stringify({ preset: newer })).preset).toEqual(preset);
  });

  it.each([
    ["{", "could not be read"],
    ["[]", "it is no JSON object"],
    ["{}", 'it has no "preset"'],
    ['{"preset": {"gains": 3}}', "gains"],
    [written({ as: "a b" }), "is no model name"],
    [written({ replace: "yes" }), '"replace" is neither true nor false'],
    [written({ quietWaitMs: -1 }), '"quietWaitMs" is no time'],
  ])("is refused in one sentence when it is %s", (text, words) => {
    expect(() => readApplyRequest(text)).toThrow(words);
  });
});
