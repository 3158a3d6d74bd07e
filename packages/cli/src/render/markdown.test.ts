import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MODEL, preset, sampleReport } from "../../test/sample-report.ts";
import { modelSections } from "../report/model-sections.ts";
import { reportWithoutOwners } from "../report/report-without-owners.ts";
import { escapeMarkdown, reportMarkdown } from "./markdown.ts";

const render = (values: Parameters<typeof sampleReport>[0] = {}) => {
  const report = reportWithoutOwners(sampleReport(values));
  return reportMarkdown(report, modelSections(report));
};

describe("reportMarkdown()", () => {
  it("shows provenance, presets with evidence, every configuration with n, failures, conditions", () => {
    const text = render();
    for (const part of [
      "> **Synthetic: real timings",
      "### Preset fast_response (preliminary, synthetic)",
      "- Stability: 6/6, at least 61 % (95 % conf.)",
      "All with num_thread 1, num_predict 128.",
      "| 4096 | num_batch 512 | 80.1 t/s [77.7, 81.7], n 6 |",
      "| 12288 | num_batch 512 | 30.3 t/s (no interval), n 1 |",
      "screened only",
      "| out_of_memory_load |",
      "| no_prefix_cache | 1 |",
      "| 90 % | 2 | 1 | mains | 0.42 |",
    ]) {
      expect(text).toContain(part);
    }
  });

  it("names no machine by its name", () => {
    expect(render()).not.toContain("lab-pc-17");
  });

  it("keeps a hostile model name inside its heading and its table", () => {
    const modelName = "x|y\n# <script>alert(1)</script> [a](javascript:alert(1)) `c`";
    const text = render({ presets: [preset({ purpose: "balanced", modelName })] });
    expect(text).toContain("## x\\|y # &lt;script>alert(1)&lt;/script> [a\\](javascript:alert(1)) \\`c\\`\n");
    expect(text).not.toContain("<script>");
    expect(text).toContain(`## ${MODEL}`);
  });
});

describe("escapeMarkdown()", () => {
  it("leaves no markup, link or line break alive, whatever the text is", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(..."[]()<>|`*_\\a1 \n:/.&w") }), (text) => {
        const escaped = escapeMarkdown(text);
        expect(escaped).not.toMatch(/\n|<|(?<!\\)\](?=[([:])|:\/\//);
        expect(escaped.replace(/\\[\\`*{}|~_\]]/g, "")).not.toMatch(/[`*|]/);
      }),
    );
  });

  it("keeps option names and intervals readable", () => {
    expect(escapeMarkdown("num_ctx 4096 [77.7, 81.7]")).toBe("num_ctx 4096 [77.7, 81.7]");
    expect(escapeMarkdown("_it_ www.x.org http://x")).toBe("\\_it\\_ www&#46;x.org http&#58;//x");
  });
});
