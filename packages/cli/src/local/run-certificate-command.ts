// What `ozone certificate` is asked for, done by the coordinator's own program.
import type { CertificateReport } from "@ozone/shared/certificate-report";
import { runCoordinatorProgram } from "./run-coordinator-program.ts";

/** @throws OzoneError with that program's last error. */
export const runCertificateCommand = (
  action: "make" | "show" | "rotate",
  names: readonly string[] = [],
): Promise<CertificateReport> =>
  runCoordinatorProgram(["certificate", action, ...names.flatMap((name) => ["--name", name])]);
