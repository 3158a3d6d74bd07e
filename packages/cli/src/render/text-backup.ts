// Backups and exports as text for a terminal.
import type { BackupReport, ExportReport } from "@ozone/shared/backup-report";
import { cleanText } from "./clean-text.ts";
import { textPairs } from "./text-table.ts";

const MIB = 1024 * 1024;
const NAMED = ["machines", "sweeps", "trials", "results", "presets"];

const sizeText = (bytes: number): string =>
  bytes < MIB ? `${Math.ceil(bytes / 1024)} KiB` : `${(bytes / MIB).toFixed(1)} MiB`;

const holds = (rows: Readonly<Record<string, number>>): string =>
  NAMED.map((name) => `${rows[name] ?? 0} ${name}`).join(", ");

/** A backup in a few lines. */
export const backupText = (did: string, { file, bytes, takenAt, ozoneVersion, rows, files }: BackupReport) =>
  `${did} ${cleanText(file)} (${sizeText(bytes)})\n${textPairs(
    [
      ["taken", `${cleanText(takenAt)} by Ozone ${cleanText(ozoneVersion)}`],
      ["holds", holds(rows)],
      ["files", files.length === 0 ? "none" : files.map((name) => cleanText(name)).join(", ")],
    ],
    "  ",
  )}`;

/** What came back, and what is to be done then. */
export function restoredText(report: BackupReport): string {
  const kept = report.keptFiles ?? [];
  const there =
    kept.length === 0 ? "" : `Already there, left as they are: ${kept.map(cleanText).join(", ")}.\n`;
  return `${backupText("Restored", report)}${there}What was under way is planned again. Start the coordinator: \`ozone up\`.\n`;
}

/** What was written. */
export const exportText = ({ folder, lines }: ExportReport): string =>
  `Wrote ${cleanText(folder)}\n${textPairs(
    Object.entries(lines).map(([file, count]) => [file, `${count}`]),
    "  ",
  )}`;
