// `ozone-coordinator backup make|check|restore FILE` and `export FOLDER`: what `ozone backup` and `ozone export` run on
// the coordinator's machine. Each prints one JSON document.
import { mkdir } from "node:fs/promises";
import { resolve } from "node:path";
import type { BackupReport, ExportReport } from "@ozone/shared/backup-report";
import { OzoneError } from "@ozone/shared/errors";
import { startPostgres } from "../embedded/postgres.ts";
import { BACKUP_LIMITS } from "./backup-limits.ts";
import { exportEverything } from "./export-everything.ts";
import { checkBackup, restoreBackup } from "./restore-backup.ts";
import { takeBackup } from "./take-backup.ts";

interface Place {
  readonly dataDir: string;
  /** Null: the embedded Postgres of the data folder. */
  readonly databaseUrl: string | null;
  /** A backup that unpacks to any size is read: whoever runs this knows where it is from. */
  readonly backupAnySize?: boolean;
}

/** The coordinator's database: the one that runs, or the embedded one started for this alone. */
async function withDatabase<Value>(place: Place, work: (url: string) => Promise<Value>): Promise<Value> {
  if (place.databaseUrl !== null) return work(place.databaseUrl);
  await mkdir(place.dataDir, { recursive: true });
  const postgres = await startPostgres({ dataDir: place.dataDir, log: () => undefined });
  try {
    return await work(postgres.url);
  } finally {
    if (!postgres.adopted) await postgres.stop();
  }
}

/**
 * Does it.
 * @throws OzoneError with one sentence
 */
export async function backupCommand(words: readonly string[], place: Place): Promise<BackupReport> {
  const [action, file] = words;
  const { dataDir } = place;
  if (words.length === 2 && file !== undefined && file !== "") {
    const path = resolve(file);
    const limits = place.backupAnySize === true ? { ...BACKUP_LIMITS, ratio: null } : BACKUP_LIMITS;
    if (action === "check") return checkBackup(path, limits);
    if (action === "make")
      return withDatabase(place, (databaseUrl) => takeBackup(path, { databaseUrl, dataDir }));
    if (action === "restore")
      return withDatabase(place, (databaseUrl) => restoreBackup(path, { databaseUrl, dataDir }, limits));
  }
  throw new OzoneError("invalid_input", "Write `ozone-coordinator backup make|check|restore FILE`.");
}

/** `ozone-coordinator export FOLDER`. @throws OzoneError with one sentence */
export async function exportCommand(words: readonly string[], place: Place): Promise<ExportReport> {
  const [folder] = words;
  if (words.length !== 1 || folder === undefined || folder === "") {
    throw new OzoneError("invalid_input", "Write `ozone-coordinator export FOLDER`.");
  }
  return withDatabase(place, (databaseUrl) => exportEverything(resolve(folder), databaseUrl));
}
