import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { followLog, lastError, parseLogLine } from "./log-lines.ts";
import { listeningUrl } from "./start-engine.ts";

describe("parseLogLine()", () => {
  it("reads pino's lines by number and by name, and takes anything else as it is", () => {
    expect(parseLogLine('{"level":30,"msg":"starting Postgres"}')).toEqual({
      text: "starting Postgres",
      level: "info",
    });
    expect(parseLogLine('{"level":60,"msg":"port taken"}').level).toBe("error");
    expect(parseLogLine('{"level":"error","err":{"message":"no room"}}')).toEqual({
      text: "no room",
      level: "error",
    });
    expect(parseLogLine("Ozone is not built yet.")).toEqual({
      text: "Ozone is not built yet.",
      level: "unknown",
    });
    expect(parseLogLine('{"half').level).toBe("unknown");
  });
});

describe("lastError()", () => {
  it("is the last error, else the last line, else nothing", () => {
    const lines = ['{"level":60,"msg":"first"}', '{"level":50,"msg":"last"}', "goodbye"].map(parseLogLine);
    expect(lastError(lines)).toBe("last");
    expect(lastError(lines.slice(2))).toBe("goodbye");
    expect(lastError([])).toBeNull();
  });
});

describe("followLog()", () => {
  it("starts where the log stood, gives whole lines once, and keeps a half line for later", () => {
    const folder = mkdtempSync(join(tmpdir(), "ozone-log-"));
    const path = join(folder, "x.log");
    writeFileSync(path, "old\n");
    const log = followLog(path, 4);
    appendFileSync(path, "one\ntw");
    expect(log.next().map(({ text }) => text)).toEqual(["one"]);
    appendFileSync(path, "o\n");
    expect(log.next().map(({ text }) => text)).toEqual(["two"]);
    appendFileSync(path, "rest");
    expect(log.all().map(({ text }) => text)).toEqual(["one", "two", "rest"]);
    rmSync(folder, { recursive: true });
  });

  it("goes on at the beginning of a log that was emptied because it had grown too large", () => {
    const folder = mkdtempSync(join(tmpdir(), "ozone-log-"));
    const path = join(folder, "x.log");
    writeFileSync(path, "a long line\n");
    const log = followLog(path, 0);
    expect(log.next()).toHaveLength(1);
    writeFileSync(path, "new\n");
    expect(log.next().map(({ text }) => text)).toEqual(["new"]);
    appendFileSync(path, "next\n");
    expect(log.next().map(({ text }) => text)).toEqual(["next"]);
    rmSync(folder, { recursive: true });
  });
});

describe("listeningUrl()", () => {
  it("finds the engine's address among its other lines", () => {
    expect(listeningUrl(["noise", '{"listening":"http://127.0.0.1:4567","model":"m"}'])).toBe(
      "http://127.0.0.1:4567",
    );
    expect(listeningUrl(['{"listening":"nonsense"}'])).toBeNull();
  });
});
