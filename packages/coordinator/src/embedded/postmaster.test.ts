import { describe, expect, it } from "vitest";
import { parsePostmaster } from "./postmaster.ts";

describe("postmaster.pid", () => {
  it("tells the process and, once it is open, the port", () => {
    expect(parsePostmaster("123\n/c\n1700000000\n25432\n\n127.0.0.1\n")).toEqual({ pid: 123, port: 25_432 });
    expect(parsePostmaster("123\n/c\n")).toEqual({ pid: 123, port: null });
  });

  it("tells nothing when it is empty or garbled", () => {
    expect([parsePostmaster(""), parsePostmaster("hello\n")]).toEqual([null, null]);
  });
});
