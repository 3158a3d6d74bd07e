// An extreme preset and its recommendation, in every form that people read.
import { create } from "@bufbuild/protobuf";
import {
  ExtremeTierSchema,
  type Preset,
  RecommendationCountsSchema,
  RecommendationSchema,
} from "@ozone/proto/preset";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { point, preset, sampleReport } from "../../test/sample-report.ts";
import { presetDocuments } from "../presets/preset-documents.ts";
import { inReadingOrder } from "../presets/preset-order.ts";
import { modelSections } from "../report/model-sections.ts";
import { reportHtml } from "./html/page.ts";
import { reportMarkdown } from "./markdown.ts";
import { presetYaml } from "./preset-yaml.ts";
import { presetScreen } from "./text-presets.ts";

const EXTREME: Preset = preset({
  purpose: "extreme_64k",
  configuration: point(65_536),
  warnings: ["extreme: not proven stable."],
  recommendation: create(RecommendationSchema, {
    verdict: "extreme",
    reason: "context 16.00 times",
    metric: "num_ctx",
  }),
  tried: create(RecommendationCountsSchema, { production: 0, extreme: 2, excluded: 7 }),
  extremeTier: create(ExtremeTierSchema, {
    contextFrom: 65_536,
    requirements: [{ kind: "ram", words: "RAM: 48.0 GiB at the peak." }],
    manualOverride: ["Save what is open."],
    recovery: [
      { words: "Unload it first." },
      { words: "Nearest context below: num_ctx 32768.", configuration: point(32_768), proven: false },
    ],
  }),
});

const WORDS = ["RAM: 48.0 GiB at the peak.", "Save what is open.", "Unload it first.", "num_ctx 32768"];

describe("an extreme preset", () => {
  it("says on its screen what it needs, what to do on purpose, and what to do when it fails", () => {
    const screen = presetScreen(EXTREME);
    for (const part of [
      ...WORDS,
      "extreme: context 16.00 times",
      "9 tried: 0 production, 2 extreme, 7 excluded",
    ])
      expect(screen).toContain(part);
    expect(presetScreen(preset({ purpose: "balanced" }))).not.toContain("When it fails");
  });

  it("has its recovery plan as data in YAML", () => {
    const [yaml = ""] = presetDocuments([EXTREME]).map(presetYaml);
    expect(parse(yaml).presets.extreme_64k).toMatchObject({
      recommendation: { verdict: "extreme", reason: "context 16.00 times", metric: "num_ctx" },
      extreme: "yes: not proven stable",
      requirements: ["RAM: 48.0 GiB at the peak."],
      manual_override: ["Save what is open."],
      recovery_plan: [
        { step: "Unload it first." },
        { step: "Nearest context below: num_ctx 32768.", set: { num_ctx: 32_768 }, proven_stable: false },
      ],
    });
  });

  it("is in both reports, and each configuration's recommendation in their table", () => {
    const report = sampleReport({ presets: [EXTREME] });
    for (const measured of report.configurations.slice(0, 1))
      measured.recommendation = create(RecommendationSchema, { verdict: "excluded", reason: "why not <b>" });
    const sections = modelSections(report);
    for (const text of [reportMarkdown(report, sections), reportHtml(report, sections)]) {
      for (const part of [...WORDS, "extreme: context 16.00 times", "excluded: why not &lt;b"])
        expect(text).toContain(part);
    }
  });

  it("is read after the three presets that every sweep gives", () => {
    const ordered = inReadingOrder([
      EXTREME,
      preset({ purpose: "max_context" }),
      preset({ purpose: "balanced" }),
    ]);
    expect(ordered.map(({ purpose }) => purpose)).toEqual(["balanced", "max_context", "extreme_64k"]);
  });
});
