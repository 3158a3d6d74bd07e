// The form of a backup: gzip over lines. The first says what it is, then come files of the data folder and tables with their
// rows, and the last counts and hashes everything before it: a file that was cut short has none.
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { createGunzip } from "node:zlib";
import { messageOf, OzoneError, systemCodeOf } from "@ozone/shared/errors";
import * as z from "zod";

/** Raised when older programs could no longer read it. */
export const BACKUP_FORM = 1;
/** Ends the rows of a table, as in Postgres' own files: no row can look like it. */
export const END_OF_ROWS = Buffer.from("\\.\n");
/** One row is one line, and a result's payload is bounded; what is longer is no backup. */
const LINE_BYTES_MAX = 64 * 1024 * 1024;
const NEW_LINE = 0x0a;

const headSchema = z.object({
  ozoneBackup: z.number(),
  ozoneVersion: z.string(),
  takenAt: z.iso.datetime(),
});
const fileSchema = z.object({ file: z.string(), base64: z.string() });
const tableSchema = z.object({ table: z.string(), columns: z.array(z.string()) });
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

async function* linesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
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
    if (keptBytes > LINE_BYTES_MAX) throw new Error("a line without an end");
  }
  if (keptBytes > 0) yield Buffer.concat(kept);
}

function parseLine(line: Buffer): unknown {
  try {
    return JSON.parse(line.toString("utf8"));
  } catch {
    throw new Error("a line that does not belong there");
  }
}

/** Reads a backup from front to end. */
export class BackupReader {
  readonly #path: string;
  readonly #lines: AsyncGenerator<Buffer>;
  readonly #hash = createHash("sha256");

  constructor(path: string) {
    this.#path = path;
    const unpacked = createReadStream(path).on("error", (error) => gunzip.destroy(error));
    const gunzip = createGunzip();
    this.#lines = linesOf(unpacked.pipe(gunzip));
  }

  /** @throws OzoneError with one sentence when it is no backup, or of a newer Ozone */
  async head(): Promise<BackupHead> {
    const head = headSchema.safeParse(parseLine(await this.#next(true)));
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
    for (;;) {
      const line = await this.#next(false);
      const content = parseLine(line);
      const end = endSchema.safeParse(content);
      if (end.success) {
        if (end.data.end.sha256 !== this.#hash.digest("hex")) throw new Error("its content was changed");
        yield { kind: "end", end: end.data.end };
        return;
      }
      this.#hash.update(line);
      const file = fileSchema.safeParse(content);
      if (file.success) {
        yield { kind: "file", path: file.data.file, content: Buffer.from(file.data.base64, "base64") };
        continue;
      }
      const { table, columns } = tableSchema.parse(content);
      const lines = this.#rows();
      yield { kind: "table", name: table, columns, lines };
      // Whoever did not want the rows left them unread.
      for await (const _ of lines);
    }
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
): Promise<Value> {
  try {
    return await work(new BackupReader(path));
  } catch (thrown) {
    if (thrown instanceof OzoneError) throw thrown;
    if (systemCodeOf(thrown) === "ENOENT" || systemCodeOf(thrown) === "EACCES") {
      throw new OzoneError("not_found", `${path} can't be read (${messageOf(thrown)}); name a backup.`);
    }
    throw damaged(path, messageOf(thrown), thrown);
  }
}
