// Files that are there after a crash: written whole, flushed, then given their name; the folder is flushed too.

import { type FileHandle, open, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { onPlatform } from "@ozone/shared/platform";

/** Windows can't open folders; its file systems keep renames in order by themselves. */
export const canOpenFolders = (platform: string = process.platform): boolean =>
  onPlatform(platform, { linux: true, macos: true, windows: false, other: true });

async function flushFolder(path: string): Promise<void> {
  if (!canOpenFolders()) return;
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Writes a file so that either all of it exists after a crash or nothing. @throws the system's error, ENOSPC included. */
export async function writeDurably(path: string, content: Uint8Array): Promise<void> {
  const draft = `${path}.draft`;
  const file = await open(draft, "w", 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await renameDurably(draft, path);
}

/** Gives a file another name, which it has after a crash, too. What had that name is gone. @throws the system's error */
export async function renameDurably(from: string, to: string): Promise<void> {
  await rename(from, to);
  await flushFolder(dirname(to));
}

const NEWLINE = 0x0a;

/** Whether a crash or a full disk left half a line at the end of a file of `size` bytes. */
async function endsTorn(file: FileHandle, size: number): Promise<boolean> {
  if (size === 0) return false;
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1);
  return buffer[0] !== NEWLINE;
}

/** Appends a line and flushes it. What was torn before it stays a line of its own: written onto it, both would be lost. */
export async function appendDurably(path: string, line: string): Promise<void> {
  const file = await open(path, "a+", 0o600);
  try {
    const { size } = await file.stat();
    await file.writeFile(`${(await endsTorn(file, size)) ? "\n" : ""}${line}\n`);
    await file.sync();
    if (size === 0) await flushFolder(dirname(path));
  } finally {
    await file.close();
  }
}
