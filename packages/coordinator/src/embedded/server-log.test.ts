import { describe, expect, it } from "vitest";
import { explainFileError, failureOf, lastLines, saysDiskFull, saysPortTaken } from "./server-log.ts";

const failure = { what: "It ended", folder: "/data", advice: "Look there." };

describe("the sentence of a failed start", () => {
  it("says what to do, then the log's last words", () => {
    expect(failureOf({ ...failure, tail: "FATAL: x" }).message).toBe(
      "It ended. Look there.\nIts last words:\nFATAL: x",
    );
    expect(failureOf({ ...failure, tail: "" }).message).toBe("It ended. Look there.");
  });

  it("recognises a full disk in the words of Postgres, of nats-server and of the system", () => {
    const words = [
      'PANIC:  could not write to file "pg_wal/xlogtemp.12": No space left on device',
      "JetStream failed to store a msg: write /store/1.blk: no space left on device",
      "ENOSPC: no space left on device, write",
      "could not extend file: Disk quota exceeded",
    ];
    for (const tail of words) {
      expect(saysDiskFull(tail), tail).toBe(true);
      expect(failureOf({ ...failure, tail }).message).toContain("The disk that holds /data is full");
    }
    expect(saysDiskFull('could not bind IPv4 address "127.0.0.1"')).toBe(false);
  });

  it("recognises a taken port in the words of both servers", () => {
    expect(saysPortTaken('LOG:  could not bind IPv4 address "127.0.0.1": Address already in use')).toBe(true);
    expect(saysPortTaken('"listen tcp 127.0.0.1:1: bind: address already in use"')).toBe(true);
    expect(saysPortTaken("No space left on device")).toBe(false);
  });

  it("explains the file system's own errors, and leaves others alone", () => {
    const full = Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
    const denied = Object.assign(new Error("EACCES: permission denied, mkdir '/data'"), { code: "EACCES" });
    const other = Object.assign(new Error("ENOENT"), { code: "ENOENT" });
    expect(String(explainFileError(full, "It can't be started", "/data"))).toMatch(
      /The disk that holds \/data is full/,
    );
    expect(String(explainFileError(denied, "It can't be started", "/data"))).toMatch(
      /It can't be started \(EACCES.*\)\. This user can't write in \/data/,
    );
    expect(explainFileError(other, "It can't be started", "/data")).toBe(other);
  });

  it("keeps the last 12 lines that say something", () => {
    const text = Array.from({ length: 20 }, (_, line) => `line ${line}\n\n`).join("");
    expect(lastLines(text).split("\n")).toEqual(Array.from({ length: 12 }, (_, line) => `line ${line + 8}`));
  });
});
