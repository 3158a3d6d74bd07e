// Folders of results that were set aside for people to look at: the newest stay, so that they can't fill a disk.
import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";

/** Of about 1 MiB each. */
const FILES_MAX = 64;

/** Removes the oldest files above the limit. @param report told of each. @throws the system's error */
export async function keepFew(folder: string, report: (problem: string) => void): Promise<void> {
  const names = await readdir(folder);
  if (names.length <= FILES_MAX) return;
  const files = await Promise.all(
    names.map(async (name) => ({ name, changedAtMs: (await stat(join(folder, name))).mtimeMs })),
  );
  const oldest = files.sort((a, b) => a.changedAtMs - b.changedAtMs).slice(0, names.length - FILES_MAX);
  for (const { name } of oldest) {
    await rm(join(folder, name), { recursive: true, force: true });
    report(`${join(folder, name)} was removed: the newest ${FILES_MAX} files are kept there.`);
  }
}
