// Looks a backup through, and restores one: all of it or nothing, into an empty database.
import { lstat, mkdir, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { BackupReport } from "@ozone/shared/backup-report";
import { messageOf, OzoneError } from "@ozone/shared/errors";
import { type EmptyTables, type TableShape, withEmptyTables } from "../store/copy-tables.ts";
import { type BackupPart, type BackupReader, readingBackup } from "./backup-file.ts";
import { BACKUP_LIMITS } from "./backup-limits.ts";

type TablePart = Extract<BackupPart, { kind: "table" }>;

async function countRows(lines: AsyncIterable<Buffer>): Promise<number> {
  let rows = 0;
  for await (const _ of lines) rows += 1;
  return rows;
}

async function report(
  path: string,
  reader: BackupReader,
  take: {
    table: (part: TablePart) => Promise<number>;
    file: (path: string, content: Buffer) => Promise<void>;
  },
): Promise<BackupReport> {
  const { takenAt, ozoneVersion } = await reader.head();
  const rows: Record<string, number> = {};
  const files: string[] = [];
  for await (const part of reader.parts()) {
    if (part.kind === "table") rows[part.name] = await take.table(part);
    if (part.kind === "file") {
      files.push(part.path);
      await take.file(part.path, part.content);
    }
    if (part.kind === "end" && JSON.stringify(part.end.rows) !== JSON.stringify(rows))
      throw new Error("rows are missing");
  }
  return { file: path, bytes: (await stat(path)).size, takenAt, ozoneVersion, rows, files };
}

/** Reads a backup from front to end. @throws OzoneError with one sentence unless it is whole */
export const checkBackup = (path: string, limits = BACKUP_LIMITS): Promise<BackupReport> =>
  readingBackup(
    path,
    (reader) => report(path, reader, { table: ({ lines }) => countRows(lines), file: async () => undefined }),
    limits,
  );

/** A backup of a newer Ozone may hold what this one has no place for. */
function placeOf(part: TablePart, { tables }: EmptyTables): TableShape {
  const table = tables.find(({ name }) => name === part.name);
  const missing = table ? part.columns.find((column) => !table.columns.includes(column)) : part.name;
  if (table && missing === undefined) return { name: table.name, columns: part.columns };
  throw new OzoneError(
    "invalid_input",
    `The backup holds ${table ? `${table.name}.${missing}` : part.name}, which this Ozone does not know; restore it with the version that took it, or a later one.`,
  );
}

/** What is there stays: whoever made it since may have given it out. */
async function restoreFile(dataDir: string, path: string, content: Buffer): Promise<boolean> {
  const target = join(dataDir, path);
  if ((await lstat(target).catch(() => null)) !== null) return false;
  try {
    await mkdir(dirname(target), { recursive: true, mode: 0o700 });
    await writeFile(target, content, { mode: 0o600, flag: "wx" });
  } catch (thrown) {
    const sentence = `${target} can't be written (${messageOf(thrown)}); nothing was restored.`;
    throw new OzoneError("unavailable", sentence, { cause: thrown });
  }
  return true;
}

/**
 * Restores a backup into an empty database, and its files into the data folder.
 * @throws OzoneError with one sentence; the database is as it was then
 */
export async function restoreBackup(
  path: string,
  into: { databaseUrl: string; dataDir: string },
  limits = BACKUP_LIMITS,
): Promise<BackupReport> {
  // Everything is read and checked before anything is changed.
  await checkBackup(path, limits);
  const keptFiles: string[] = [];
  // Files are written before the rows are committed: where one can't be, the restore can be tried again.
  const restored = await withEmptyTables(into.databaseUrl, (empty) =>
    readingBackup(
      path,
      (reader) =>
        report(path, reader, {
          table: async (part) => empty.fill(placeOf(part, empty), part.lines),
          file: async (name, content) => {
            if (!(await restoreFile(into.dataDir, name, content))) keptFiles.push(name);
          },
        }),
      limits,
    ),
  );
  return { ...restored, keptFiles };
}
