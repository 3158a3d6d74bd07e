// Everything as JSON lines, a file per table, as of one moment.
import { createWriteStream } from "node:fs";
import { mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ExportReport } from "@ozone/shared/backup-report";
import { messageOf, OzoneError } from "@ozone/shared/errors";
import { withSnapshot } from "../store/copy-tables.ts";
import { readableRow } from "./readable-columns.ts";

async function makeEmptyFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
  } catch (thrown) {
    throw new OzoneError(
      "invalid_input",
      `${folder} can't be made (${messageOf(thrown)}); name another folder.`,
    );
  }
  if ((await readdir(folder)).length === 0) return;
  throw new OzoneError(
    "already_exists",
    `${folder} is not empty; name a new folder, nothing is overwritten.`,
  );
}

/**
 * Writes it.
 * @throws OzoneError with one sentence
 */
export async function exportEverything(folder: string, databaseUrl: string): Promise<ExportReport> {
  await makeEmptyFolder(folder);
  const takenAt = new Date().toISOString();
  const lines: Record<string, number> = {};
  await withSnapshot(databaseUrl, async ({ tables, objectsOf }) => {
    for (const table of tables) {
      const file = `${table.name.replaceAll("_", "-")}.jsonl`;
      lines[file] = 0;
      const written = async function* () {
        for await (const row of objectsOf(table)) {
          lines[file] = (lines[file] ?? 0) + 1;
          yield `${JSON.stringify(readableRow(table.name, row))}\n`;
        }
      };
      const to = createWriteStream(join(folder, file), { flags: "wx", mode: 0o600 });
      await pipeline(Readable.from(written()), to);
    }
  });
  return { folder, takenAt, lines };
}
