import { status } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import { fromGrpcError, isUnknownCall } from "./grpc-errors.ts";

const error = (code: status, details: string) =>
  Object.assign(new Error(`${code}: ${details}`), { code, details });

describe("fromGrpcError()", () => {
  it("keeps the coordinator's sentence and maps the status to our code", () => {
    const cases = [
      [status.INVALID_ARGUMENT, "invalid_input"],
      [status.NOT_FOUND, "not_found"],
      [status.ALREADY_EXISTS, "already_exists"],
      [status.RESOURCE_EXHAUSTED, "resource_exhausted"],
      [status.CANCELLED, "cancelled"],
      [status.INTERNAL, "internal"],
      [status.UNKNOWN, "internal"],
    ] as const;
    for (const [code, ours] of cases) {
      expect(fromGrpcError(error(code, "There is no sweep x."), "h:1")).toMatchObject({
        code: ours,
        message: "There is no sweep x.",
      });
    }
  });

  it("says what to do when nobody answers, and only then", () => {
    const refused = error(
      status.UNAVAILABLE,
      "No connection established. Last error: connect ECONNREFUSED 127.0.0.1:1",
    );
    expect(fromGrpcError(refused, "h:1").message).toBe(
      "No coordinator answers at h:1 (connection refused); start it with `ozone up`.",
    );
    expect(fromGrpcError(error(status.UNAVAILABLE, "The database is away."), "h:1").message).toBe(
      "The database is away.",
    );
    expect(fromGrpcError(error(status.DEADLINE_EXCEEDED, "Deadline exceeded"), "h:1").message).toContain(
      "did not answer in time",
    );
    const unknown = fromGrpcError(error(status.UNIMPLEMENTED, "x"), "h:1");
    expect(unknown.message).toContain("another version");
    expect(isUnknownCall(unknown)).toBe(true);
    expect(isUnknownCall(fromGrpcError(error(status.NOT_FOUND, "x"), "h:1"))).toBe(false);
  });

  it("takes anything else that is thrown", () => {
    expect(fromGrpcError("boom", "h:1")).toMatchObject({ code: "internal", message: "boom" });
    expect(fromGrpcError(null, "h:1").code).toBe("internal");
  });
});
