import { execFileSync } from "node:child_process";
import { EngineKind, Provenance } from "@ozone/proto/machine";
import type { Preset } from "@ozone/proto/preset";
import { configuration } from "@ozone/shared/configuration";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PRESETS, point, preset } from "../../../test/sample-report.ts";
import { onlyPreset } from "../../presets/select-presets.ts";
import { PRESET_EXPORTS } from "./preset-exports.ts";
import { shellWord } from "./requests.ts";

const SERVER = "http://127.0.0.1:11434";
const write = (format: string, change: Partial<Preset> = {}): string =>
  PRESET_EXPORTS[format]?.(preset({ purpose: "balanced", ...change }), SERVER) ?? "";
const withSettings = (): Partial<Preset> => ({
  configuration: configuration({
    ...{ numCtx: 8192, numBatch: 256, numThread: 4, numGpu: 20, numPredict: 64 },
    ...{ kvCacheType: "q8_0", concurrency: 2 },
  }),
});

/** Lines that are no comment. */
const active = (text: string, sign: string): string[] =>
  text.split("\n").filter((line) => line !== "" && !line.startsWith(sign));

describe("a preset to paste", () => {
  it("as a Modelfile sets what a model can carry, and nothing that would cut answers", () => {
    expect(active(write("modelfile", withSettings()), "#")).toEqual([
      "FROM ozone-synthetic:30m",
      "PARAMETER num_ctx 8192",
      "PARAMETER num_batch 256",
      "PARAMETER num_thread 4",
      "PARAMETER num_gpu 20",
    ]);
    expect(write("modelfile", withSettings())).toMatch(/# The server needs .*OLLAMA_KV_CACHE_TYPE=q8_0/);
    expect(write("modelfile")).not.toContain("The server needs");
  });

  it("as a unit, a launch agent and commands sets the server's variables, flash attention with a quantised cache", () => {
    const three = ["OLLAMA_KV_CACHE_TYPE", "OLLAMA_FLASH_ATTENTION", "OLLAMA_NUM_PARALLEL"];
    expect(active(write("systemd", withSettings()), "#")).toEqual([
      "[Service]",
      ...three.map((name, at) => `Environment="${name}=${["q8_0", "1", "2"][at]}"`),
    ]);
    expect(active(write("setx", withSettings()), "rem")).toEqual(
      three.map((name, at) => `setx ${name} ${["q8_0", "1", "2"][at]}`),
    );
    expect(write("launchd", withSettings())).toContain(
      "launchctl setenv OLLAMA_KV_CACHE_TYPE q8_0 &amp;&amp; launchctl setenv OLLAMA_FLASH_ATTENTION 1",
    );
  });

  it("says that nothing has to be set on the server, instead of an empty file", () => {
    for (const format of ["systemd", "launchd", "setx"]) {
      expect(() => write(format), format).toThrow(/needs no setting of the server; .*--format modelfile/);
    }
  });

  it("says in every form what kind of numbers it rests on, that it is stale, and how to undo it", () => {
    for (const format of Object.keys(PRESET_EXPORTS)) {
      const text = write(format, { ...withSettings(), staleBecause: ["The driver changed."] });
      expect(text, format).toMatch(/synthetic/i);
      expect(text, format).toContain("Stale: The driver changed.");
      expect(text, format).toContain("Undo: ");
      expect(write(format, { ...withSettings(), provenance: Provenance.MEASURED }), format).not.toMatch(
        /reference engine with a synthetic/i,
      );
    }
  });

  it("never gives flags to `ollama run`: there are none", () => {
    for (const format of Object.keys(PRESET_EXPORTS)) {
      expect(write(format, withSettings()), format).not.toMatch(/ollama run .*--/);
    }
  });

  it("keeps hostile names out of the forms they would break", () => {
    const hostile = "x'$(touch /tmp/owned)`\nFROM other\"%";
    expect(() => write("modelfile", { modelName: hostile })).toThrow(/can't stand in a Modelfile/);
    const odd = configuration({ numCtx: 4096, numBatch: 512, numPredict: 64, kvCacheType: 'q8_0"\nExec=x' });
    for (const format of Object.keys(PRESET_EXPORTS)) {
      expect(() => write(format, { configuration: odd }), format).toThrow(/no server can have been given/);
    }
    const evil = { ...withSettings(), modelName: hostile, hardwareClass: "--> <x>\n[Service]" };
    for (const format of ["systemd", "setx"]) {
      expect(active(write(format, evil), format === "setx" ? "rem" : "#").join("\n")).not.toContain("other");
    }
    const body = /<!--([\s\S]*?)-->/.exec(write("launchd", evil))?.[1] ?? "";
    expect(body).not.toContain("--");
    expect(body).toContain("Undo");
  });

  it("quotes any text so that a shell gives it back", () => {
    const text = fc.string({ unit: "binary" }).filter((one) => !one.includes("\0"));
    fc.assert(
      fc.property(text, (one) => {
        expect(execFileSync("/bin/sh", ["-c", `printf %s ${shellWord(one)}`]).toString()).toBe(
          Buffer.from(one).toString(),
        );
      }),
      { numRuns: 30 },
    );
  });

  it("is one preset: with several it names them", () => {
    expect(() => onlyPreset(PRESETS, "modelfile")).toThrow(
      /^modelfile holds one preset and 3 match; add --purpose or give an id: [0-9a-f]{8} \(fast_response, ozone-synthetic:30m\), /,
    );
    expect(onlyPreset(PRESETS.slice(1, 2), "curl").purpose).toBe("balanced");
  });

  it("names the engine it holds for", () => {
    const engine = { $typeName: "ozone.v1.Engine" as const, kind: EngineKind.OLLAMA, version: "0.24.0" };
    expect(write("curl", { engine, configuration: point(2048) })).toContain("with ollama 0.24.0");
  });
});
