// Which files a report becomes, and what stands in each. Pure: writing them is write-files.ts.
import type { Report } from "@ozone/proto/report";
import { fileNameFor } from "@ozone/shared/file-names";
import { environmentJson } from "../render/environment-json.ts";
import { reportHtml } from "../render/html/page.ts";
import { reportMarkdown } from "../render/markdown.ts";
import { presetsDocument } from "../render/preset-document.ts";
import { presetYaml } from "../render/preset-yaml.ts";
import { samplesJsonl } from "../render/samples-jsonl.ts";
import { signedByModel } from "../render/signed-jsonl.ts";
import { summaryJson } from "../render/summary-json.ts";
import { modelSections } from "./model-sections.ts";
import { reportWithoutOwners } from "./report-without-owners.ts";

/** One file, with its path below the output folder, parts separated by "/". */
export interface ReportFile {
  readonly path: string;
  readonly content: string;
}

/** All files of a report: per model, per machine, and the two pages. None of them says whose the machines are. */
export function reportFiles(whole: Report): ReportFile[] {
  const report = reportWithoutOwners(whole);
  const sections = modelSections(report);
  const signed = signedByModel(report.signed);
  const modelNames = new Set(sections.map(({ modelName }) => modelName));
  const perModel = sections.flatMap((section): ReportFile[] => {
    const { fileName, modelName, presets, results } = section;
    const document = presetsDocument(modelName, presets);
    return [
      ...(document ? [{ path: `defaults/${fileName}.yaml`, content: presetYaml(document) }] : []),
      { path: `summaries/${fileName}.json`, content: summaryJson(section, report) },
      { path: `logs/${fileName}.jsonl`, content: samplesJsonl(results) },
      ...(signed.has(modelName)
        ? [{ path: `signed/${fileName}.jsonl`, content: signed.get(modelName) ?? "" }]
        : []),
    ];
  });
  const perMachine = report.machines.map((machine) => ({
    path: `env/${fileNameFor(machine.id)}.json`,
    content: environmentJson(machine, modelNames),
  }));
  return [
    ...perModel,
    ...perMachine,
    { path: "report.md", content: reportMarkdown(report, sections) },
    { path: "report.html", content: reportHtml(report, sections) },
  ];
}
