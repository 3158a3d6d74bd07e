import { Purpose } from "@ozone/proto/configuration";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { preset, sampleReport } from "../../../test/sample-report.ts";
import { modelSections } from "../../report/model-sections.ts";
import { reportWithoutOwners } from "../../report/report-without-owners.ts";
import { contextLabel, niceTicks } from "./chart-scale.ts";
import { escapeHtml, html } from "./markup.ts";
import { reportHtml } from "./page.ts";

const render = (values: Parameters<typeof sampleReport>[0] = {}) => {
  const report = reportWithoutOwners(sampleReport(values));
  return reportHtml(report, modelSections(report));
};

const VOID = new Set(["meta", "!doctype"]);

/** Reads the tags of a page and complains about the first that is not closed, or closed in the wrong place. */
function unbalanced(page: string): string | null {
  const open: string[] = [];
  for (const [tag, slash, name = "", attributes = ""] of page.matchAll(
    /<(\/?)([a-z!][a-z0-9]*)((?:"[^"]*"|[^">])*)>/gi,
  )) {
    const lower = name.toLowerCase();
    if (VOID.has(lower) || attributes.endsWith("/")) continue;
    if (slash === "") open.push(lower);
    else if (open.pop() !== lower) return tag;
  }
  return open.at(-1) ?? null;
}

describe("reportHtml()", () => {
  it("is one well-formed page that needs nothing from outside and no script", () => {
    const page = render();
    expect(unbalanced(page)).toBeNull();
    expect(page).not.toMatch(/<script|<link|<img|<iframe|\bsrc=|url\(|@import|https?:/i);
    expect(page).toContain("default-src 'none'");
    expect(page).toContain("prefers-color-scheme: dark");
    expect(page).toContain('name="viewport"');
  });

  it("shows the provenance, presets, every configuration with interval and n, failures and the curve", () => {
    const page = render();
    for (const part of [
      "Synthetic: real timings",
      "max_context",
      "80.1 t/s [77.7, 81.7], n 6",
      "(no interval), n 1",
      "out_of_memory_load",
      "no_prefix_cache",
      '<svg class="chart"',
      "limited by time, not by memory",
    ]) {
      expect(page).toContain(part);
    }
    expect(page).not.toContain("lab-pc-17");
  });

  it("draws a hollow point for what was only screened, and no curve without a rate", () => {
    expect(render()).toContain('class="dot screen"');
    expect(render({ configurations: [] })).not.toContain('chart" viewBox');
  });

  it("keeps the reference that only shows drift out of the curve", () => {
    const report = sampleReport();
    for (const measured of report.configurations) measured.purposes = [Purpose.REFERENCE];
    const page = reportHtml(report, modelSections(report));
    expect(page).not.toContain('<svg class="chart"');
    expect(page).toContain("reference for drift");
  });

  it("escapes every text of others wherever it stands", () => {
    const evil = `"><script>alert(1)</script><b a='`;
    const report = sampleReport({
      title: evil,
      ozoneVersion: evil,
      notes: [evil],
      presets: [
        preset({
          purpose: evil,
          modelName: evil,
          hardwareClass: evil,
          objective: evil,
          warnings: [evil],
          modelDigest: evil,
        }),
      ],
    });
    for (const machine of report.machines)
      Object.assign(machine, { id: evil, hardwareClass: evil, agentVersion: evil });
    for (const measured of report.configurations)
      Object.assign(measured, { modelName: evil, machineId: evil });
    for (const result of report.results) Object.assign(result, { modelName: evil, machineId: evil });
    const page = reportHtml(report, modelSections(report));
    expect(page).not.toContain("<script");
    expect(page).not.toContain("<b a=");
    expect(unbalanced(page)).toBeNull();
  });
});

describe("html templates", () => {
  it("escape texts, keep markup, join lists", () => {
    expect(html`<p title="${'"'}">${["<", html`<b>${1}</b>`]}</p>`.markup).toBe(
      '<p title="&quot;">&lt;<b>1</b></p>',
    );
  });

  it("never let a text open a tag, a quote or an entity", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(escapeHtml(text)).not.toMatch(/[<>"']|&(?!(amp|lt|gt|quot|#39);)/);
      }),
    );
  });
});

describe("chart scales", () => {
  it("name contexts as people do", () => {
    expect([4096, 12_288, 1_048_576, 5000].map(contextLabel)).toEqual(["4K", "12K", "1M", "5000"]);
  });

  it("go from zero to at least the largest value in a few equal steps", () => {
    fc.assert(
      fc.property(fc.double({ min: 1e-3, max: 1e6, noNaN: true }), (largest) => {
        const ticks = niceTicks(largest);
        expect(ticks[0]).toBe(0);
        expect(ticks.at(-1)).toBeGreaterThanOrEqual(largest * 0.99999);
        expect(ticks.length).toBeLessThanOrEqual(7);
      }),
    );
    expect(niceTicks(138.4)).toEqual([0, 50, 100, 150]);
    expect(niceTicks(Number.NaN).every(Number.isFinite)).toBe(true);
  });
});
