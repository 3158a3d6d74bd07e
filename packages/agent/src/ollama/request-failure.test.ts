import { TrialFailure } from "@ozone/shared/failure";
import { describe, expect, it } from "vitest";
import { errorTextOf } from "./bounded-fetch.ts";
import { LineTooLong } from "./line-splitter.ts";
import { failureOfRequest } from "./request-failure.ts";

const at = { phase: "run", url: "http://127.0.0.1:1", limitMs: 7000, ended: undefined } as const;

describe("the failure of a request", () => {
  it("says what the server said, its status and what to do, in one line", () => {
    const thrown = Object.assign(new Error("server busy,\nplease try again."), { status_code: 503 });
    const failure = failureOfRequest(thrown, at);
    expect(failure.failureClass).toBe("server_busy");
    expect(failure.message).toBe(
      "The server at http://127.0.0.1:1 said (HTTP 503): server busy, please try again. The server refused the request because its queue is full; let others finish first.",
    );
  });

  it("finds the code of a broken connection in its cause", () => {
    const cause = Object.assign(new Error("connect ECONNREFUSED 127.0.0.1:1"), { code: "ECONNREFUSED" });
    const failure = failureOfRequest(new Error("request failed", { cause }), at);
    expect(failure.failureClass).toBe("server_unreachable");
  });

  it("names the limit that ran out", () => {
    const failure = failureOfRequest(new Error("aborted"), { ...at, ended: "deadline" });
    expect(failure.failureClass).toBe("request_timeout");
    expect(failure.message).toContain("given up after 7.0 s");
  });

  it("of a line without end is a protocol error", () => {
    expect(failureOfRequest(new LineTooLong(10), at).failureClass).toBe("protocol_error");
    expect(failureOfRequest(new SyntaxError("Unexpected token <"), at).failureClass).toBe("protocol_error");
  });

  it("stays what it is when it is one already", () => {
    const failure = new TrialFailure("cancelled", "The trial was cancelled.");
    expect(failureOfRequest(failure, at)).toBe(failure);
  });
});

describe("the text of an error body", () => {
  it.each([
    ['{"error":"boom"}', "boom"],
    ['{"error":{"code":400,"message":"too long"}}', '{"code":400,"message":"too long"}'],
    ["<html>Bad Gateway</html>", "<html>Bad Gateway</html>"],
    ["", ""],
    ["null", "null"],
  ])("of %s", (body, text) => {
    expect(errorTextOf(body)).toBe(text);
  });

  it("is cut when it is endless", () => {
    expect(errorTextOf("x".repeat(1e6)).length).toBeLessThanOrEqual(2000);
  });
});
