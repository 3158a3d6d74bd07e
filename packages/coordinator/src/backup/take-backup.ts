// Writes a backup: beside its name, flushed, then renamed, so that a file under its name is whole.
import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import type { BackupReport } from "@ozone/shared/backup-report";
import { messageOf, OzoneError, systemCodeOf } from "@ozone/shared/errors";
import { OZONE_VERSION } from "@ozone/shared/version";
import { type Snapshot, withSnapshot } from "../store/copy-tables.ts";
import { BACKUP_FORM, controlLine, END_OF_ROWS } from "./backup-file.ts";
import { BACKED_UP_FILE, BACKED_UP_FILE_BYTES_MAX } from "./backup-limits.ts";

/** Agents trust this CA: without it each machine would have to enrol again. */
const FOLDERS = ["certificates"];
const NEW_LINE = 0x0a;

interface Written {
  readonly rows: Record<string, number>;
  readonly files: string[];
}

/** Without the folder there are no certificates; one that can't be read would be missing in silence. */
const entriesOf = (folder: string) =>
  readdir(folder, { withFileTypes: true }).catch((thrown: unknown) => {
    if (systemCodeOf(thrown) === "ENOENT") return [];
    throw new OzoneError(
      "unavailable",
      `${folder} can't be read (${messageOf(thrown)}); check who owns it.`,
      {
        cause: thrown,
      },
    );
  });

async function filesOf(dataDir: string): Promise<string[]> {
  const found = await Promise.all(
    FOLDERS.map(async (folder) =>
      (await entriesOf(join(dataDir, folder)))
        .filter((entry) => entry.isFile())
        .map(({ name }) => `${folder}/${name}`),
    ),
  );
  return found.flat().sort();
}

/** What a restore would refuse has to be said while there is still time to put it elsewhere. */
async function contentOfFile(dataDir: string, file: string): Promise<Buffer> {
  const path = join(dataDir, file);
  if (!BACKED_UP_FILE.test(file) || (await stat(path)).size > BACKED_UP_FILE_BYTES_MAX)
    throw new OzoneError(
      "invalid_input",
      `${path} is no certificate of Ozone's by its name or its size; move it to another folder, then take the backup again.`,
    );
  return readFile(path);
}

function countLines(chunk: Buffer): number {
  let lines = 0;
  for (let at = chunk.indexOf(NEW_LINE); at >= 0; at = chunk.indexOf(NEW_LINE, at + 1)) lines += 1;
  return lines;
}

async function* contentOf(
  snapshot: Snapshot,
  { dataDir, takenAt, written }: { dataDir: string; takenAt: Date; written: Written },
): AsyncGenerator<Buffer> {
  yield controlLine({
    ozoneBackup: BACKUP_FORM,
    ozoneVersion: OZONE_VERSION,
    takenAt: takenAt.toISOString(),
  });
  for (const file of await filesOf(dataDir)) {
    written.files.push(file);
    yield controlLine({ file, base64: (await contentOfFile(dataDir, file)).toString("base64") });
  }
  for (const table of snapshot.tables) {
    yield controlLine({ table: table.name, columns: table.columns });
    let rows = 0;
    for await (const chunk of snapshot.rowsOf(table)) {
      rows += countLines(chunk);
      yield chunk;
    }
    written.rows[table.name] = rows;
    yield END_OF_ROWS;
  }
}

/** Everything, and behind it what a reader checks it by. */
async function* sealed(content: AsyncIterable<Buffer>, { rows }: Written): AsyncGenerator<Buffer> {
  const hash = createHash("sha256");
  for await (const chunk of content) {
    hash.update(chunk);
    yield chunk;
  }
  yield controlLine({ end: { rows, sha256: hash.digest("hex") } });
}

async function writeWhole(path: string, chunks: AsyncIterable<Buffer>): Promise<void> {
  const aside = `${path}.part`;
  try {
    const file = createWriteStream(aside, { flags: "wx", mode: 0o600, flush: true });
    await pipeline(Readable.from(chunks), createGzip(), file);
    await rename(aside, path);
  } catch (thrown) {
    if (systemCodeOf(thrown) !== "EEXIST") await rm(aside, { force: true });
    throw writingProblem(path, thrown);
  }
}

function writingProblem(path: string, thrown: unknown): unknown {
  const code = systemCodeOf(thrown);
  const sentence = {
    EEXIST: `${path}.part is there already: another backup is being written, or one was broken off; remove it if so.`,
    ENOSPC: `The disk of ${dirname(path)} is full; no backup was written. Make room, or name another place.`,
    ENOENT: `There is no folder ${dirname(path)}; make it, or name another place for ${basename(path)}.`,
    EACCES: `${dirname(path)} can't be written to (${messageOf(thrown)}); name another place.`,
  }[code ?? ""];
  return sentence === undefined ? thrown : new OzoneError("unavailable", sentence, { cause: thrown });
}

/**
 * Takes a backup of a coordinator's database and certificates as of one moment, also while it works.
 * @throws OzoneError with one sentence; no file is left behind then
 */
export async function takeBackup(
  path: string,
  from: { databaseUrl: string; dataDir: string },
): Promise<BackupReport> {
  if ((await stat(path).catch(() => null)) !== null) {
    throw new OzoneError("already_exists", `${path} exists and is left as it is; name another file.`);
  }
  const takenAt = new Date();
  const written: Written = { rows: {}, files: [] };
  await withSnapshot(from.databaseUrl, (snapshot) =>
    writeWhole(path, sealed(contentOf(snapshot, { dataDir: from.dataDir, takenAt, written }), written)),
  );
  return {
    file: path,
    bytes: (await stat(path)).size,
    takenAt: takenAt.toISOString(),
    ozoneVersion: OZONE_VERSION,
    ...written,
  };
}
