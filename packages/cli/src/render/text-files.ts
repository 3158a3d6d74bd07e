// The files that were written, for a terminal.
import type { Provenance } from "@ozone/proto/machine";
import { PROVENANCE_NOTICE } from "@ozone/shared/provenance";
import { wrapText } from "./wrap-text.ts";

/** One line per file, the page to open first at the end. */
export function filesText(written: readonly string[], provenance: Provenance): string {
  const notice = PROVENANCE_NOTICE[provenance];
  return `Written:\n${written.map((path) => `  ${path}\n`).join("")}${notice ? `\n${wrapText(notice)}\n` : ""}`;
}
