// Writes files so that a reader sees the old one or the new one, never half of one.
import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { messageOf, OzoneError, systemCodeOf } from "@ozone/shared/errors";
import type { ReportFile } from "./report-files.ts";

/**
 * Writes all files below the folder, each at once. What was written before an error stays; older files are replaced
 * only by whole new ones.
 * @throws OzoneError with one sentence when a file can't be written.
 */
export async function writeFiles(folder: string, files: readonly ReportFile[]): Promise<string[]> {
  const written: string[] = [];
  for (const { path, content } of files) {
    const target = join(folder, ...path.split("/"));
    await writeWhole(target, content);
    written.push(target);
  }
  return written;
}

async function writeWhole(target: string, content: string): Promise<void> {
  const draft = `${target}.${process.pid}.new`;
  try {
    await mkdir(dirname(target), { recursive: true });
    const file = await open(draft, "w", 0o644);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, target);
  } catch (thrown) {
    // The draft may not exist, or its disk may be full: the first trouble is the one to tell.
    await rm(draft, { force: true }).catch(() => undefined);
    throw cannotWriteFile(target, thrown);
  }
}

/** One sentence for a file that could not be written: why, and what to do. */
export function cannotWriteFile(target: string, thrown: unknown): OzoneError {
  const code = systemCodeOf(thrown);
  if (code === "ENOSPC" || code === "EDQUOT") {
    const message = `The disk is full: ${target} was not written; free some space and run \`ozone report build\` again, nothing measured is lost.`;
    return new OzoneError("resource_exhausted", message, { cause: thrown });
  }
  const why = code === "EACCES" || code === "EROFS" ? "no permission" : (code ?? messageOf(thrown));
  const message = `Cannot write ${target} (${why}); choose another folder with --out.`;
  return new OzoneError("unavailable", message, { cause: thrown });
}
