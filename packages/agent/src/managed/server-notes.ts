// Notes on disk about managed servers: one small file from before its start until it is gone, so that the next start of
// agent or bench ends what a killed one left. Written twice: the mark before there is a process, its number after.
import { randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { messageOf, systemCodeOf } from "@ozone/shared/errors";
import type { ServerProcess } from "./marked-processes.ts";

const PREFIX = "managed-";

const fileOf = (folder: string, { mark }: ServerProcess): string => join(folder, `${PREFIX}${mark}.json`);

/** Writes a note; the file appears whole or not at all. @throws the system's error */
export async function writeServerNote(folder: string, note: ServerProcess): Promise<void> {
  await mkdir(folder, { recursive: true });
  const draft = join(folder, `${randomUUID()}.draft`);
  await writeFile(draft, JSON.stringify(note), { mode: 0o600 });
  await rename(draft, fileOf(folder, note));
}

/** Removes a note. @throws when the file is there and can't be removed */
export const forgetServerNote = (folder: string, note: ServerProcess): Promise<void> =>
  rm(fileOf(folder, note), { force: true });

/**
 * All notes.
 * @param report told of each file that is none, in one sentence; it stays where it is
 * @throws when the folder can't be read
 */
export async function readServerNotes(
  folder: string,
  report: (problem: string) => void,
): Promise<ServerProcess[]> {
  const names = await readdir(folder).catch((thrown: unknown) => {
    if (systemCodeOf(thrown) === "ENOENT") return [];
    throw thrown;
  });
  const own = names.filter((name) => name.startsWith(PREFIX) && name.endsWith(".json"));
  const notes = await Promise.all(own.map((name) => readNote(join(folder, name), report)));
  return notes.filter((note) => note !== null);
}

/** Without its mark nothing can be told from a stranger's process. */
async function readNote(file: string, report: (problem: string) => void): Promise<ServerProcess | null> {
  try {
    const { mark, port, pid } = JSON.parse(await readFile(file, "utf8")) as Record<string, unknown>;
    if (typeof mark === "string" && typeof port === "number")
      return { mark, port, pid: typeof pid === "number" ? pid : null };
    throw new Error("mark or port is missing");
  } catch (thrown) {
    if (systemCodeOf(thrown) === "ENOENT") return null; // its server was ended meanwhile
    report(
      `The note ${file} about a managed server can't be read (${messageOf(thrown)}): end a server of an interrupted trial that still runs by hand, then remove the note.`,
    );
    return null;
  }
}
