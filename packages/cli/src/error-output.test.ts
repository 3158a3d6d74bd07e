import { Errors } from "@oclif/core";
import { type ErrorCode, OzoneError } from "@ozone/shared/errors";
import { describe, expect, it } from "vitest";
import { asOzoneError, errorDocument, exitCodeFor } from "./error-output.ts";

describe("exitCodeFor()", () => {
  it("is 2 for what was typed wrong and 1 for everything else", () => {
    const failures: ErrorCode[] = [
      "not_found",
      "already_exists",
      "unavailable",
      "deadline_exceeded",
      "cancelled",
      "resource_exhausted",
      "internal",
    ];
    expect(exitCodeFor("invalid_input")).toBe(2);
    for (const code of failures) expect(exitCodeFor(code), code).toBe(1);
  });
});

describe("asOzoneError()", () => {
  it("turns what oclif's parser says into one sentence about the input", () => {
    const error = asOzoneError(new Errors.CLIError("Nonexistent flag: --foo\nSee more help with --help"));
    expect(error).toMatchObject({ code: "invalid_input", message: "Nonexistent flag: --foo. See --help." });
    const missing = asOzoneError(
      new Errors.CLIError("Missing 2 required args:\nsweep  Id of it.\nother  Something."),
    );
    expect(missing.message).toBe("Missing 2 required args: sweep, other. See --help.");
  });

  it("keeps our own errors as they are and counts anything else as internal", () => {
    const ours = new OzoneError("not_found", "There is none.");
    expect(asOzoneError(ours)).toBe(ours);
    expect(asOzoneError(new TypeError("x is\nundefined"))).toMatchObject({
      code: "internal",
      message: "x is undefined",
    });
    expect(errorDocument(ours)).toEqual({ error: { code: "not_found", message: "There is none." } });
  });
});
