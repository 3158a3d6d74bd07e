import { create } from "@bufbuild/protobuf";
import { EngineKind, EngineSchema, MachineSchema, Provenance } from "@ozone/proto/machine";
import { describe, expect, it } from "vitest";
import { parse as parseYaml } from "yaml";
import { MACHINE, MODEL, PRESETS, preset, sampleReport } from "../../test/sample-report.ts";
import { presetGroups } from "../presets/preset-groups.ts";
import { presetId } from "../presets/preset-id.ts";
import { selectPresets } from "../presets/select-presets.ts";
import { environmentJson } from "../render/environment-json.ts";
import { modelSections, weakest } from "./model-sections.ts";
import { reportFiles } from "./report-files.ts";

const contentOf = (path: string, values: Parameters<typeof sampleReport>[0] = {}): string => {
  const file = reportFiles(sampleReport(values)).find((candidate) => candidate.path === path);
  if (!file) throw new Error(`${path} is not among the files`);
  return file.content;
};

describe("reportFiles()", () => {
  it("names the files as the seed did", () => {
    expect(reportFiles(sampleReport()).map(({ path }) => path)).toEqual([
      "defaults/ozone-synthetic_30m.yaml",
      "summaries/ozone-synthetic_30m.json",
      "logs/ozone-synthetic_30m.jsonl",
      "env/m-1f2e3d4c5b.json",
      "report.md",
      "report.html",
    ]);
  });

  it("writes presets in the seed's nesting with Ollama's names and the evidence", () => {
    const text = contentOf("defaults/ozone-synthetic_30m.yaml");
    const document = parseYaml(text);
    expect(document).toMatchObject({ model: MODEL, provenance: "synthetic", engine: "reference 0.1.0" });
    expect(document.notice).toMatch(/^Synthetic: /);
    expect(document.presets.fast_response).toMatchObject({
      num_ctx: 4096,
      num_batch: 512,
      performance: { tokens_per_sec: 80.06, ttft_ms: 2642 },
      status: "preliminary",
      evidence: {
        samples: 6,
        tokens_per_sec_ci95: [77.66, 81.67],
        stability: "6/6, at least 61 % (95 % conf.)",
        gain_over_default: {
          decode_tokens_per_second: { ratio: 1.18, ci95: [1.1, 1.26], verdict: "better" },
        },
        trials: ["t-01/1", "t-02/1"],
      },
    });
    expect(document.presets.fast_response).not.toHaveProperty("batch");
    expect(text).toContain("performance: {tokens_per_sec: 80.06, ttft_ms: 2642,");
  });

  it("keeps another class, engine or provenance of the same model apart, most samples first", () => {
    const ollama = create(EngineSchema, { kind: EngineKind.OLLAMA, version: "0.24.0" });
    const other = preset({
      purpose: "balanced",
      engine: ollama,
      hardwareClass: "other-class",
      provenance: Provenance.MEASURED,
    });
    const document = parseYaml(
      contentOf("defaults/ozone-synthetic_30m.yaml", { presets: [other, ...PRESETS] }),
    );
    expect(document.hardware_class).toBe("amd-epyc-2c-avx512-24gb-linux");
    expect(document.other_classes).toHaveLength(1);
    expect(document.other_classes[0]).toMatchObject({
      hardware_class: "other-class",
      engine: "ollama 0.24.0",
      provenance: "measured",
    });
    expect(document.other_classes[0]).not.toHaveProperty("notice");
    expect(presetGroups([other, ...PRESETS]).map((group) => group.length)).toEqual([3, 1]);
  });

  it("writes one line per sample with its certificate, and one for an attempt that failed before its first", () => {
    const lines = contentOf("logs/ozone-synthetic_30m.jsonl")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines).toHaveLength(3);
    expect(lines[0]).toMatchObject({
      trial_id: "t-01",
      attempt: 1,
      provenance: "synthetic",
      configuration: { num_ctx: 8192 },
      conditions: { contended: true, load_average: 0.42 },
      memory: { size_bytes: 61_000_000, peak_pss_bytes: null },
      precision: null,
      sustained: null,
      round: null,
      sample: {
        index: 0,
        kind: "filled",
        valid: true,
        eval_ns: 2_893_000_000,
        decode_tokens_per_second: 43.9,
      },
    });
    expect(lines[0].sample.checks[1]).toEqual({
      code: "kv_type_effective",
      passed: null,
      detail: "the server does not say",
    });
    expect(lines[2]).toMatchObject({
      sample: null,
      verdict: "failed",
      failure: { class: "out_of_memory_load" },
    });
  });

  it("writes the machine without anything that says whose it is", () => {
    const text = contentOf("env/m-1f2e3d4c5b.json");
    expect(text).not.toMatch(/lab-pc-17|alice|\/home|hostId/);
    const document = JSON.parse(text);
    expect(document.facts.notes).toEqual(["The log <home>/logs on <machine> can't be read."]);
    expect(document.models).toHaveLength(1);
    const broken = create(MachineSchema, { ...MACHINE, factsJson: '{"host":"lab-pc-17"' });
    expect(environmentJson(broken, new Set())).not.toContain("lab-pc-17");
  });
});

describe("modelSections()", () => {
  it("gives each model a file of its own even where names collide on disk", () => {
    const presets = ["a:b", "a_b", "A_B", "../x"].map((modelName) =>
      preset({ purpose: "balanced", modelName }),
    );
    const sections = modelSections(sampleReport({ presets, configurations: [], results: [] }));
    const names = sections.map(({ fileName }) => fileName.toLowerCase());
    expect(new Set(names).size).toBe(4);
    for (const name of names) expect(name).toMatch(/^[a-z0-9_-][a-z0-9._-]*$/);
  });

  it("is as weak as its weakest part", () => {
    expect(weakest([Provenance.MEASURED, Provenance.SYNTHETIC])).toBe(Provenance.SYNTHETIC);
    expect(weakest([Provenance.SYNTHETIC, Provenance.SIMULATED])).toBe(Provenance.SIMULATED);
    expect(weakest([Provenance.MEASURED, Provenance.UNSPECIFIED])).toBe(Provenance.UNSPECIFIED);
  });
});

describe("selectPresets()", () => {
  it("finds presets by model, by model without :latest, and by id", () => {
    const latest = preset({ purpose: "balanced", modelName: "llama3:latest" });
    const all = [...PRESETS, latest];
    expect(selectPresets(all, MODEL)).toHaveLength(3);
    expect(selectPresets(all, "llama3")).toEqual([latest]);
    expect(selectPresets(all, presetId(latest))).toEqual([latest]);
    expect(() => selectPresets(all, "nope")).toThrow(
      /There is no preset for "nope"; there are presets for ozone-synthetic:30m, llama3:latest/,
    );
  });
});
