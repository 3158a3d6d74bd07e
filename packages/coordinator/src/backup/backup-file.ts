// The form of a backup: gzip over lines. The first says what it is, then come files of the data folder and tables with their
// rows, and the last counts and hashes everything before it: a file that was cut short has none.
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import { messageOf, OzoneError, systemCodeOf } from "@ozone/shared/errors";
import * as z from "zod";
import {
  BACKED_UP_FILE,
  BACKED_UP_FILE_BYTES_MAX,
  BACKUP_LIMITS,
  type BackupLimits,
} from "./backup-limits.ts";

/** Raised when older programs could no longer read it. */
export const BACKUP_FORM = 1;
/** Ends the rows of a table, as in Postgres' own files: no row can look like it. */
export const END_OF_ROWS = Buffer.from("\\.\n");
const NEW_LINE = 0x0a;

const headSchema = z.object({
  ozoneBackup: z.number(),
  ozoneVersion: z.string(),
  takenAt: z.iso.datetime(),
});
const fileSchema = z.object({ file: z.string().regex(BACKED_UP_FILE), base64: z.string() });
const tableSchema = z.object({
  table: z.string().regex(/^[a-z][a-z0-9_]{0,62}$/),
  columns: z.array(z.string().max(63)).max(1_600),
});
const partSchema = z.union([fileSchema, tableSchema]);
const endSchema = z.object({ end: z.object({ rows: z.record(z.string(), z.number()), sha256: z.string() }) });

export type BackupHead = z.infer<typeof headSchema>;
export type BackupEnd = z.infer<typeof endSchema>["end"];

/** What a reader meets, in order. Lines of a table have to be read before it goes on. */
export type BackupPart =
  | { readonly kind: "file"; readonly path: string; readonly content: Buffer }
  | {
      readonly kind: "table";
      readonly name: string;
      readonly columns: readonly string[];
      readonly lines: AsyncGenerator<Buffer>;
    }
  | { readonly kind: "end"; readonly end: BackupEnd };

/** A control line. */
export const controlLine = (content: object): Buffer => Buffer.from(`${JSON.stringify(content)}\n`);

const damaged = (path: string, why: string, cause?: unknown) =>
  new OzoneError("invalid_input", `${path} is no whole backup (${why}); use another one.`, { cause });

async function* linesOf(chunks: AsyncIterable<Buffer>, { lineBytes }: BackupLimits): AsyncGenerator<Buffer> {
  let kept: Buffer[] = [];
  let keptBytes = 0;
  for await (const chunk of chunks) {
    let begin = 0;
    for (let at = chunk.indexOf(NEW_LINE); at >= 0; at = chunk.indexOf(NEW_LINE, begin)) {
      yield Buffer.concat([...kept, chunk.subarray(begin, at + 1)]);
      kept = [];
      keptBytes = 0;
      begin = at + 1;
    }
    kept.push(chunk.subarray(begin));
    keptBytes += chunk.length - begin;
    if (keptBytes > lineBytes) throw new Error("a line without an end");
  }
  if (keptBytes > 0) yield Buffer.concat(kept);
}

/** @throws OzoneError when it grows beyond what rows of a database can be packed to */
async function* unpacked(path: string, { ratio, anyBytes }: BackupLimits): AsyncGenerator<Buffer> {
  const { size } = await stat(path);
  const bytesMax = ratio === null ? Number.POSITIVE_INFINITY : Math.max(anyBytes, size * ratio);
  let bytes = 0;
  // A broken stream is thrown where it is read.
  const chunks = pipeline(createReadStream(path), createGunzip(), () => undefined);
  for await (const chunk of chunks) {
    bytes += chunk.length;
    if (bytes > bytesMax)
      throw new OzoneError(
        "invalid_input",
        `${path} unpacks to more than ${ratio} times its size, which rows seldom do; use another one, or set OZONE_BACKUP_ANY_SIZE=yes if you know where it is from.`,
      );
    yield chunk;
  }
}

function parseLine(line: Buffer, { controlBytes }: BackupLimits): unknown {
  if (line.length > controlBytes) throw new Error("a line that is too long there");
  try {
    return JSON.parse(line.toString("utf8"));
  } catch {
    throw new Error("a line that does not belong there");
  }
}

function contentOf({ file, base64 }: z.infer<typeof fileSchema>): Buffer {
  const content = Buffer.from(base64, "base64");
  if (content.length > BACKED_UP_FILE_BYTES_MAX) throw new Error(`${file} is too large for a certificate`);
  return content;
}

/** Reads a backup from front to end. */
export class BackupReader {
  readonly #path: string;
  readonly #lines: AsyncGenerator<Buffer>;
  readonly #hash = createHash("sha256");

  readonly #limits: BackupLimits;

  constructor(path: string, limits: BackupLimits) {
    this.#path = path;
    this.#limits = limits;
    this.#lines = linesOf(unpacked(path, limits), limits);
  }

  /** @throws OzoneError with one sentence when it is no backup, or of a newer Ozone */
  async head(): Promise<BackupHead> {
    const head = headSchema.safeParse(parseLine(await this.#next(true), this.#limits));
    if (!head.success) throw new Error("it does not begin like one");
    if (head.data.ozoneBackup > BACKUP_FORM) {
      throw new OzoneError(
        "invalid_input",
        `${this.#path} was written by a newer Ozone (${head.data.ozoneVersion}); restore it with that version or a later one.`,
      );
    }
    return head.data;
  }

  async *parts(): AsyncGenerator<BackupPart> {
    const names = new Set<string>();
    for (;;) {
      const line = await this.#next(false);
      const content = parseLine(line, this.#limits);
      const end = endSchema.safeParse(content);
      if (end.success) {
        if (end.data.end.sha256 !== this.#hash.digest("hex")) throw new Error("its content was changed");
        yield { kind: "end", end: end.data.end };
        return;
      }
      this.#hash.update(line);
      const part = partSchema.parse(content);
      const name = "file" in part ? part.file : part.table;
      if (names.has(name)) throw new Error(`${name} is in it twice`);
      if (names.add(name).size > this.#limits.parts) throw new Error("more files and tables than there are");
      if ("file" in part) {
        yield { kind: "file", path: name, content: contentOf(part) };
        continue;
      }
      const lines = this.#rows();
      yield { kind: "table", name, columns: part.columns, lines };
      // Whoever did not want the rows left them unread.
      for await (const _ of lines);
    }
  }

  /** Lets go of the file. */
  async close(): Promise<void> {
    await this.#lines.return(undefined);
  }

  async *#rows(): AsyncGenerator<Buffer> {
    for (;;) {
      const line = await this.#next(true);
      if (line.equals(END_OF_ROWS)) return;
      yield line;
    }
  }

  async #next(hashed: boolean): Promise<Buffer> {
    const { value, done } = await this.#lines.next();
    if (done === true || value === undefined) throw new Error("its end is missing");
    if (hashed) this.#hash.update(value);
    return value;
  }
}

/** Runs `work` on a backup; whatever is wrong with the file becomes one sentence. */
export async function readingBackup<Value>(
  path: string,
  work: (reader: BackupReader) => Promise<Value>,
  limits = BACKUP_LIMITS,
): Promise<Value> {
  const reader = new BackupReader(path, limits);
  try {
    return await work(reader);
  } catch (thrown) {
    if (thrown instanceof OzoneError) throw thrown;
    if (systemCodeOf(thrown) === "ENOENT" || systemCodeOf(thrown) === "EACCES") {
      throw new OzoneError("not_found", `${path} can't be read (${messageOf(thrown)}); name a backup.`);
    }
    throw damaged(path, whyOf(thrown), thrown);
  } finally {
    await reader.close();
  }
}

/** Of a line in the wrong form, all that matters is that it is. */
const whyOf = (thrown: unknown): string =>
  thrown instanceof z.ZodError ? "a line that does not belong there" : messageOf(thrown).slice(0, 200);
