import { toBinary } from "@bufbuild/protobuf";
import { TrialResultSchema } from "@ozone/proto/trial";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { madeResult } from "../testing/made-results.ts";
import { readablePart } from "./readable-part.ts";

const whole = toBinary(TrialResultSchema, madeResult());

describe("reading what can be read of a message in quarantine", () => {
  it("reads a whole result", () => {
    expect(readablePart(whole)).toEqual({ result: madeResult(), bytes: whole.length });
  });

  it("reads the fields before the place where a message was cut, and says how much that is", () => {
    const part = readablePart(whole.subarray(0, whole.length - 3));
    expect(part?.result).toMatchObject({ trialId: "t-1", machineId: "m-1" });
    expect(part?.bytes).toBeLessThan(whole.length - 3);
  });

  it("reads what follows a field that is no field of a result, and leaves that out", () => {
    const strange = Uint8Array.of(0xfa, 0x3f, 0x03, 1, 2, 3);
    expect(readablePart(Buffer.concat([strange, whole]))).toEqual({
      result: madeResult(),
      bytes: whole.length,
    });
  });

  it("says nothing of rubbish, and throws at no bytes at all", () => {
    expect(readablePart(Uint8Array.of(255, 1, 2, 3))).toBeNull();
    expect(readablePart(new Uint8Array())).toBeNull();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (payload) => {
        expect(readablePart(payload)?.bytes ?? 0).toBeLessThanOrEqual(payload.length);
      }),
    );
  });
});
