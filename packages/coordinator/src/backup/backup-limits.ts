// What a backup may be, for whoever writes and whoever reads one.
const MIB = 1024 ** 2;

/** What a backup may be; whatever is beyond is none. A damaged or made-up one must fill neither memory nor disk. */
export interface BackupLimits {
  /** One row is one line, and a result's payload is bounded. */
  readonly lineBytes: number;
  /** A line that says what follows; those of files hold them. */
  readonly controlBytes: number;
  /** Files, and tables; each has a name of its own. */
  readonly parts: number;
  /**
   * Unpacked bytes for each byte of the file, above `anyBytes`. Rows come to 10 or 20; what hostile agents sent to be kept can reach
   * gzip's own 1,032, so that whoever knows the backup may lift it: null.
   */
  readonly ratio: number | null;
  readonly anyBytes: number;
}

export const BACKUP_LIMITS: BackupLimits = {
  lineBytes: 64 * MIB,
  controlBytes: 8 * MIB,
  parts: 1_000,
  ratio: 250,
  anyBytes: 4096 * MIB,
};

/** Largest file of the data folder that goes in: certificates and keys have some thousand bytes. */
export const BACKED_UP_FILE_BYTES_MAX = 4 * MIB;
/** Which files go in, and come out: one that was made up must not write elsewhere. */
export const BACKED_UP_FILE = /^certificates\/[A-Za-z0-9._-]{1,128}$/;
