// `ozone-coordinator certificate`, run for `ozone certificate`.
import type { CertificateReport } from "@ozone/shared/certificate-report";
import { runCoordinatorProgram } from "./run-coordinator-program.ts";

const WITHIN_MS = 30_000;

/** @throws OzoneError with that program's last error. */
export const runCertificateCommand = (
  action: "make" | "show" | "rotate",
  names: readonly string[] = [],
): Promise<CertificateReport> =>
  runCoordinatorProgram(["certificate", action, ...names.flatMap((name) => ["--name", name])], {
    withinMs: WITHIN_MS,
  });
