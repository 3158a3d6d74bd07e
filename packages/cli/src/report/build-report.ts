// From the coordinator's stored results to files in a folder.
import type { Provenance } from "@ozone/proto/machine";
import type { Report } from "@ozone/proto/report";
import type { CoordinatorClient } from "../coordinator-client.ts";
import { fetchReport } from "./fetch-report.ts";
import { reportFiles } from "./report-files.ts";
import { writeFiles } from "./write-files.ts";

/** What was written, and from what. */
export interface BuiltReport {
  readonly report: Report;
  readonly written: readonly string[];
  readonly provenance: Provenance;
}

/** Fetches the report of one sweep (or of everything) and writes its files. */
export async function buildReport(
  client: CoordinatorClient,
  { out, sweepId, signal }: { out: string; sweepId: string; signal?: AbortSignal | undefined },
): Promise<BuiltReport> {
  const report = await fetchReport(client, { sweepId, signal });
  const written = await writeFiles(out, reportFiles(report));
  return { report, written, provenance: report.provenance };
}
