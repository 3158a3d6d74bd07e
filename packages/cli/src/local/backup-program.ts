// `ozone-coordinator backup`, run for `ozone backup` and `ozone export`.
import { resolve } from "node:path";
import type { BackupReport, ExportReport } from "@ozone/shared/backup-report";
import { runCoordinatorProgram } from "./run-coordinator-program.ts";

/** As long as it takes: how much there is to write is nobody's to know before. */
const NO_LIMIT = { withinMs: 0 };

/** @throws OzoneError with that program's last error. */
export const runBackupCommand = (action: "make" | "check" | "restore", file: string): Promise<BackupReport> =>
  runCoordinatorProgram(["backup", action, resolve(file)], NO_LIMIT);

/** @throws OzoneError with that program's last error. */
export const runExport = (folder: string): Promise<ExportReport> =>
  runCoordinatorProgram(["export", resolve(folder)], NO_LIMIT);
