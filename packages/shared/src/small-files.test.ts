import { EngineKind, Provenance } from "@ozone/proto/machine";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isSampleValid } from "./check-codes.ts";
import { dataFolder } from "./data-folder.ts";
import { messageOf, OzoneError, systemCodeOf } from "./errors.ts";
import { fileNameFor } from "./file-names.ts";
import { answerWaitMs, eligibleContexts, OBJECTIVES } from "./objective.ts";
import { provenanceOf } from "./provenance.ts";
import { formatBytes, formatDuration, nanosecondsToMilliseconds, rate } from "./units.ts";

describe("units", () => {
  it("give a rate only when there is one, never NaN or infinity", () => {
    expect(rate(63, 1_000_000_000)).toBe(63);
    for (const [count, ns] of [
      [0, 5],
      [5, 0],
      [5, -1],
      [Number.NaN, 5],
      [5, Number.NaN],
    ] as const)
      expect(rate(count, ns)).toBeNull();
  });

  it("turn nanoseconds into milliseconds", () => {
    expect(nanosecondsToMilliseconds(1_500_000)).toBe(1.5);
  });

  it("are written for people", () => {
    expect(formatBytes(31_142_912)).toBe("29.7 MiB");
    expect(formatDuration(850)).toBe("850 ms");
    expect(formatDuration(245_000)).toBe("4 min 05 s");
  });
});

describe("file names", () => {
  it("turn a model name into the seed's file name", () => {
    expect(fileNameFor("qwen3-coder:30b")).toBe("qwen3-coder_30b");
  });

  it("never leave the folder, whatever the name", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), (name) => {
        expect(fileNameFor(name)).toMatch(/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,119}$/);
      }),
    );
    expect(fileNameFor("../../etc/passwd")).toBe("__.._etc_passwd");
  });
});

describe("errors", () => {
  it("keep their code and cause when they are converted", () => {
    const cause = new Error("connect ECONNREFUSED");
    expect(OzoneError.from(cause, "unavailable")).toMatchObject({ code: "unavailable", cause });
    const own = new OzoneError("not_found", "gone");
    expect(OzoneError.from(own)).toBe(own);
  });

  it("find the system's code however deep it lies", () => {
    const system = Object.assign(new Error("full"), { code: "ENOSPC" });
    expect(systemCodeOf(new Error("outer", { cause: new Error("middle", { cause: system }) }))).toBe(
      "ENOSPC",
    );
    expect(systemCodeOf("text")).toBeNull();
  });

  it("give one line of text for anything thrown", () => {
    expect(messageOf(new Error("a\n  b"))).toBe("a b");
    expect(messageOf(undefined)).toBe("undefined");
  });
});

describe("certificates", () => {
  it("are broken by one failed check, but not by a mark, a guard or an unknown", () => {
    const check = (code: string, passed?: boolean) => ({ code, passed });
    expect(isSampleValid([check("clocks_agree", true), check("kv_type_effective")])).toBe(true);
    expect(isSampleValid([check("uncontended", false), check("chunk_ratio", false)])).toBe(true);
    expect(isSampleValid([check("clocks_agree", true), check("no_truncation", false)])).toBe(false);
  });
});

describe("provenance", () => {
  it("is measured only for a real model on Ollama", () => {
    expect(provenanceOf(EngineKind.OLLAMA, false)).toBe(Provenance.MEASURED);
    expect(provenanceOf(EngineKind.OLLAMA, true)).toBe(Provenance.SYNTHETIC);
    expect(provenanceOf(EngineKind.REFERENCE, false)).toBe(Provenance.SYNTHETIC);
  });
});

describe("the data folder", () => {
  const facts = { env: {}, platform: "linux", homeDir: "/home/ada", isRoot: false };
  it("is where the operating system keeps such data, unless it is named", () => {
    expect(dataFolder(facts)).toBe("/home/ada/.local/share/ozone");
    expect(dataFolder({ ...facts, isRoot: true })).toBe("/var/lib/ozone");
    expect(dataFolder({ ...facts, platform: "darwin" })).toBe("/home/ada/Library/Application Support/ozone");
    expect(dataFolder({ ...facts, env: { OZONE_DATA_DIR: "/x" } })).toBe("/x");
  });
});

describe("objectives", () => {
  const figures = { numCtx: 4096, decodeTokensPerSecond: 64, ttftMs: 500 };
  it("count the wait for a 64-token answer", () => {
    expect(answerWaitMs(figures)).toBe(1_500);
  });

  it("prefer more context for max_context before any speed", () => {
    const max = OBJECTIVES.find(({ purpose }) => purpose === "max_context");
    const fastest = { numCtx: 4096, decodeTokensPerSecond: 1e9, ttftMs: 1 };
    expect(max?.score({ numCtx: 4097, decodeTokensPerSecond: 0.1, ttftMs: 1e9 })).toBeGreaterThan(
      max?.score(fastest) ?? 0,
    );
    expect(max?.score({ ...figures, decodeTokensPerSecond: 65 })).toBeGreaterThan(max?.score(figures) ?? 0);
  });

  it("let fast_response look below 4096 only when there is nothing else", () => {
    expect([1024, 4096, 8192].filter(eligibleContexts("fast_response", [1024, 4096, 8192]))).toEqual([
      4096, 8192,
    ]);
    expect([1024, 2048].filter(eligibleContexts("fast_response", [1024, 2048]))).toEqual([1024, 2048]);
  });
});
