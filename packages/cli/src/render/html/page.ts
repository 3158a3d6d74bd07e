// report.html: one file that needs nothing else. No script, no font, no image, no address outside.
import { timestampDate } from "@bufbuild/protobuf/wkt";
import type { Report } from "@ozone/proto/report";
import { PROVENANCE_NOTICE, PROVENANCE_WORDS } from "@ozone/shared/provenance";
import { conditionRows } from "../../report/conditions.ts";
import { type ModelSection, weakest } from "../../report/model-sections.ts";
import { failureRows, rejectionRows } from "../../report/troubles.ts";
import { configurationTable, type ReportTable } from "../configuration-table.ts";
import { READING_GUIDE } from "../markdown.ts";
import { conditionTable, failureTable, machineTable, rejectionTable } from "../report-tables.ts";
import { decodeChart } from "./chart.ts";
import { html, type Markup, trusted } from "./markup.ts";
import { presetCards } from "./preset-cards.ts";
import { STYLE } from "./style.ts";

const POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/** The whole report as one HTML document. */
export function reportHtml(report: Report, sections: readonly ModelSection[]): string {
  const provenance = weakest([report.provenance, ...sections.map((section) => section.provenance)]);
  const notice = PROVENANCE_NOTICE[provenance];
  const title = report.title || "Ozone report";
  const builtAt = report.builtAt
    ? timestampDate(report.builtAt).toISOString().slice(0, 16).replace("T", " ")
    : "";
  const body = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${trusted(POLICY)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} - Ozone</title>
<style>${trusted(STYLE)}</style>
</head>
<body>
<main>
<h1>${title}</h1>
<p class="soft">Built ${builtAt ? `${builtAt} UTC` : "at an unknown time"} by Ozone ${report.ozoneVersion}. Provenance: <strong>${PROVENANCE_WORDS[provenance]}</strong>.</p>
${notice ? html`<p class="notice" role="note"><strong>${notice}</strong></p>` : ""}
${report.notes.map((note) => html`<p class="notice" role="note">${note}</p>`)}
<p>${READING_GUIDE}</p>
${sections.map(modelPart)}
<h2>Machines and conditions</h2>
${table(machineTable(report.machines), "Machines")}
${table(conditionTable(conditionRows(report.results)), "Conditions")}
<footer>Made by Ozone ${report.ozoneVersion} from stored results; logs/*.jsonl beside this file hold every sample with its validity certificate.</footer>
</main>
</body>
</html>
`;
  return body.markup;
}

function modelPart(section: ModelSection): Markup {
  const failures = failureRows(section.results);
  const rejections = rejectionRows(section.results);
  return html`<h2>${section.modelName}</h2>
<h3>Presets</h3>
${presetCards(section.presets)}
<h3>Speed over context</h3>
${decodeChart(section.configurations, section.modelName)}
<h3>Every measured configuration</h3>
${table(configurationTable(section.configurations, section.machines.length), "Measured configurations")}
${failures.length > 0 ? html`<h3>Failures</h3>${table(failureTable(failures), "Failures")}` : ""}
${rejections.length > 0 ? html`<h3>Checks that samples did not pass</h3>${table(rejectionTable(rejections), "Failed checks")}` : ""}`;
}

/** A figure with its interval is read as one thing. */
const FIGURE = /, n \d+$/;

/** Wide tables scroll inside their own frame, which the keyboard can reach. */
function table({ headings, rows, numeric = [], remark = "" }: ReportTable, label: string): Markup {
  if (rows.length === 0) return html`<p class="soft">None.</p>`;
  const cellClass = (column: number, cell: string) => {
    if (numeric.includes(column)) return "num";
    if (cell.length < 36 || FIGURE.test(cell)) return "keep";
    return cell.length > 60 ? "long" : "cell";
  };
  return html`${remark === "" ? "" : html`<p class="soft">${remark}</p>`}<div class="scroll" role="region" aria-label="${label}" tabindex="0"><table>
<thead><tr>${headings.map((heading, column) => html`<th scope="col" class="${numeric.includes(column) ? "num" : "cell"}">${heading}</th>`)}</tr></thead>
<tbody>${rows.map(
    (
      row,
    ) => html`<tr>${row.map((cell, column) => html`<td class="${cellClass(column, cell)}">${cell}</td>`)}</tr>
`,
  )}</tbody></table></div>`;
}
