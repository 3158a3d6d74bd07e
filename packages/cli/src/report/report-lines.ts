// The lines of a report that somebody else made, read so that no folder can hang the reader or fill its memory: regular files
// only (a link may lead to /dev/zero, a pipe never ends), one after the other, each within limits far above what Ozone writes.
import { constants, type Dir } from "node:fs";
import { type FileHandle, lstat, open, opendir } from "node:fs/promises";
import { join } from "node:path";
import { messageOf, OzoneError, systemCodeOf } from "@ozone/shared/errors";

/** One line with its place: "logs/model.jsonl:3". */
export interface ReportLine {
  readonly where: string;
  readonly line: string;
}

/** How much is read. */
export interface ReadingLimits {
  /** Entries of a folder. */
  readonly entries: number;
  readonly fileBytes: number;
  readonly lineBytes: number;
}

/**
 * A file is written from one text, of which Node allows half a gibibyte; a line is one sample with its checks or one result of
 * a mebibyte; and there is one file per model.
 */
export const READING_LIMITS: ReadingLimits = {
  entries: 10_000,
  fileBytes: 1024 ** 3,
  lineBytes: 8 * 1024 ** 2,
};

const NEW_LINE = 0x0a;

const refused = (where: string, why: string): OzoneError =>
  new OzoneError(
    "invalid_input",
    `${where} ${why}; this is no report as Ozone writes it, look at who sent it.`,
  );

async function entriesOf(dir: Dir, kind: string, { entries }: ReadingLimits): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of dir) {
    names.push(name);
    if (names.length > entries) throw refused(`${kind}/`, `holds more than ${entries} files`);
  }
  return names.filter((name) => name.endsWith(".jsonl")).sort();
}

async function filesOf(folder: string, kind: string, limits: ReadingLimits): Promise<string[]> {
  const path = join(folder, kind);
  const found = await lstat(path).catch((thrown: unknown) => {
    if (systemCodeOf(thrown) === "ENOENT") return null;
    throw unreadable(kind, thrown);
  });
  if (found === null) return [];
  if (!found.isDirectory()) throw refused(kind, "is a link or a file, not a folder");
  try {
    return await entriesOf(await opendir(path), kind, limits);
  } catch (thrown) {
    throw unreadable(kind, thrown);
  }
}

const unreadable = (where: string, thrown: unknown): unknown =>
  thrown instanceof OzoneError
    ? thrown
    : new OzoneError("unavailable", `${where} can't be read (${messageOf(thrown)}); check who owns it.`, {
        cause: thrown,
      });

/** Opens what is a file now and was one when it was looked at: what it is could be changed in between. */
async function openRegular(path: string, where: string, { fileBytes }: ReadingLimits): Promise<FileHandle> {
  if (!(await lstat(path)).isFile())
    throw refused(where, "is a link or something else that is no plain file");
  const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;
  const handle = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  const found = await handle.stat();
  if (found.isFile() && found.size <= fileBytes) return handle;
  await handle.close();
  throw refused(where, found.isFile() ? `has more than ${fileBytes} bytes` : "is no plain file");
}

async function* linesIn(
  handle: FileHandle,
  where: string,
  limits: ReadingLimits,
): AsyncGenerator<ReportLine> {
  let kept: Buffer[] = [];
  let keptBytes = 0;
  let number = 1;
  // No further than the limit: a file may grow while it is read.
  for await (const chunk of handle.createReadStream({ end: limits.fileBytes, autoClose: false })) {
    let begin = 0;
    for (let at = chunk.indexOf(NEW_LINE); at >= 0; at = chunk.indexOf(NEW_LINE, begin)) {
      const line = Buffer.concat([...kept, chunk.subarray(begin, at)]);
      if (line.length > limits.lineBytes) throw tooLong(where, number, limits);
      if (line.length > 0) yield { where: `${where}:${number}`, line: line.toString("utf8") };
      kept = [];
      keptBytes = 0;
      begin = at + 1;
      number += 1;
    }
    kept.push(chunk.subarray(begin));
    keptBytes += chunk.length - begin;
    if (keptBytes > limits.lineBytes) throw tooLong(where, number, limits);
  }
  if (keptBytes > 0) yield { where: `${where}:${number}`, line: Buffer.concat(kept).toString("utf8") };
}

const tooLong = (where: string, number: number, { lineBytes }: ReadingLimits): OzoneError =>
  refused(`${where}:${number}`, `is a line of more than ${lineBytes} bytes`);

/**
 * Lines of all `*.jsonl` of one folder of a report, in the order of their names; none where there is no folder.
 * @throws OzoneError with one sentence for what is no plain file, too large, or can't be read
 */
export async function* reportLines(
  folder: string,
  kind: "logs" | "signed",
  limits = READING_LIMITS,
): AsyncGenerator<ReportLine> {
  for (const name of await filesOf(folder, kind, limits)) {
    const where = `${kind}/${name}`;
    try {
      const handle = await openRegular(join(folder, kind, name), where, limits);
      try {
        yield* linesIn(handle, where, limits);
      } finally {
        await handle.close();
      }
    } catch (thrown) {
      throw unreadable(where, thrown);
    }
  }
}
