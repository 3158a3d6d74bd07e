// Asks the coordinator for a report and puts its parts together.
import { create, mergeFromBinary, toBinary } from "@bufbuild/protobuf";
import { type Report, ReportSchema } from "@ozone/proto/report";
import { ReportService } from "@ozone/proto/report_service";
import { OzoneError } from "@ozone/shared/errors";
import type { CoordinatorClient } from "../coordinator-client.ts";

/** A report over thousands of trials takes its time. */
const REPORT_MS = 300_000;

/**
 * The whole report of one sweep, or of everything (empty id). Parts merge as protobuf says: repeated fields append.
 * @throws OzoneError not_found when there is nothing to report.
 */
export async function fetchReport(
  client: CoordinatorClient,
  { sweepId, signal }: { sweepId: string; signal?: AbortSignal | undefined },
): Promise<Report> {
  const whole = create(ReportSchema);
  const options = { timeoutMs: REPORT_MS, signal };
  for await (const { report } of client.stream(ReportService.method.buildReport, { sweepId }, options)) {
    if (report) mergeFromBinary(ReportSchema, whole, toBinary(ReportSchema, report));
  }
  if (whole.results.length === 0 && whole.configurations.length === 0) {
    const about = sweepId === "" ? "Nothing has been measured yet" : `Sweep ${sweepId} has no results`;
    throw new OzoneError("not_found", `${about}; \`ozone sweep run\` measures.`);
  }
  return whole;
}
