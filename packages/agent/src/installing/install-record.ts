// What an installation made, with digests: so that removing takes away exactly that and keeps what a person changed.
import { createHash } from "node:crypto";
import { OzoneError } from "@ozone/shared/errors";

/** SHA-256, in hex. */
export const digestOf = (content: Uint8Array | string): string =>
  createHash("sha256").update(content).digest("hex");

/** The content of installed.json. */
export interface InstallRecord {
  readonly format: 1;
  readonly version: string;
  /** Absolute path to digest of what was written there. */
  readonly files: Readonly<Record<string, string>>;
  /** Folders that were not there before, the outermost first. */
  readonly folders: readonly string[];
  readonly dataDir: string;
  readonly user: string;
  /** False: the user was there before and stays. */
  readonly madeUser: boolean;
}

const isPath = (value: unknown): boolean =>
  typeof value === "string" && /^\/[^\0]+$/.test(value) && !/\/\.\.?(?:\/|$)/.test(value);

function isRecord(value: unknown): value is InstallRecord {
  if (typeof value !== "object" || value === null) return false;
  const { format, version, files, folders, dataDir, user, madeUser } = value as Partial<InstallRecord>;
  if (format !== 1 || typeof version !== "string" || typeof user !== "string") return false;
  if (typeof madeUser !== "boolean" || !isPath(dataDir)) return false;
  if (typeof files !== "object" || files === null || !Array.isArray(folders)) return false;
  const digests = Object.values(files).every((digest) => /^[0-9a-f]{64}$/.test(String(digest)));
  return digests && [...Object.keys(files), ...folders].every(isPath);
}

/** @throws OzoneError when the file is damaged: nothing may be removed by guess */
export function parseRecord(text: string, path: string): InstallRecord {
  try {
    const value: unknown = JSON.parse(text);
    if (isRecord(value)) return value;
  } catch {
    // Not JSON: reported below like any other damage.
  }
  throw new OzoneError(
    "internal",
    `${path} can't be read as the record of an installation; restore it, or remove by hand what docs/installing.md lists.`,
  );
}
