// What the coordinator's program says of a backup, and `ozone backup` shows: one JSON document between the two.

/** A backup that was taken, looked through or restored. */
export interface BackupReport {
  readonly file: string;
  readonly bytes: number;
  readonly takenAt: string;
  /** Of the Ozone that took it. */
  readonly ozoneVersion: string;
  /** Rows by table. */
  readonly rows: Readonly<Record<string, number>>;
  /** Files of the data folder in it, relative to that folder: certificates with their keys. */
  readonly files: readonly string[];
  /** Files of the data folder that were there already and stayed as they were; only of a restore. */
  readonly keptFiles?: readonly string[];
}

/** Everything written as JSON lines for other programs. */
export interface ExportReport {
  readonly folder: string;
  readonly takenAt: string;
  /** Lines by file. */
  readonly lines: Readonly<Record<string, number>>;
}
