// Notes on disk about models that we have loaded: one small file per server and model, there as long as it lasts.
import { createHash, randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { messageOf, systemCodeOf } from "@ozone/shared/errors";

/** What has to be undone. */
export interface LoadNote {
  readonly engineUrl: string;
  readonly model: string;
  /** What users had loaded when the trial began: whatever of it is no longer loaded is to be loaded again. */
  readonly restore: readonly ModelToRestore[];
}

/** A user's model as it was loaded. */
export interface ModelToRestore {
  readonly model: string;
  /** Null: not known. */
  readonly numCtx: number | null;
  /** In Ollama's form; negative is for ever. */
  readonly keepAlive: string;
}

const PREFIX = "loaded-";

const nameOf = ({ engineUrl, model }: LoadNote): string =>
  `${PREFIX}${createHash("sha256").update(`${engineUrl} ${model}`).digest("hex").slice(0, 16)}.json`;

/** Writes a note; the file appears whole or not at all. @returns why it could not be written, or null */
export async function writeLoadNote(cacheDir: string, note: LoadNote): Promise<string | null> {
  const file = join(cacheDir, nameOf(note));
  try {
    await mkdir(cacheDir, { recursive: true });
    const draft = `${file}.${randomUUID()}.draft`;
    await writeFile(draft, JSON.stringify(note), { mode: 0o600 });
    await rename(draft, file);
    return null;
  } catch (thrown) {
    return messageOf(thrown);
  }
}

/** Removes a note. @throws when the file is there and can't be removed */
export const forgetLoadNote = (cacheDir: string, note: LoadNote): Promise<void> =>
  rm(join(cacheDir, nameOf(note)), { force: true });

/**
 * All notes.
 * @param report told of each file that is none, in one sentence; it stays where it is
 * @throws when the folder can't be read
 */
export async function readLoadNotes(
  cacheDir: string,
  report: (problem: string) => void = () => undefined,
): Promise<LoadNote[]> {
  const names = await readdir(cacheDir).catch((thrown: unknown) => {
    if (systemCodeOf(thrown) === "ENOENT") return [];
    throw thrown;
  });
  const own = names.filter((name) => name.startsWith(PREFIX) && name.endsWith(".json"));
  const notes = await Promise.all(own.map((name) => readNote(join(cacheDir, name), report)));
  return notes.filter((note) => note !== null);
}

function modelToRestore(entry: unknown): ModelToRestore[] {
  const { model, numCtx, keepAlive } = (entry ?? {}) as Record<string, unknown>;
  if (typeof model !== "string" || typeof keepAlive !== "string") return [];
  return [{ model, numCtx: typeof numCtx === "number" ? numCtx : null, keepAlive }];
}

/** Without its words, cut short by a full disk for example, there is nothing to undo. */
async function readNote(file: string, report: (problem: string) => void): Promise<LoadNote | null> {
  try {
    const { engineUrl, model, restore } = JSON.parse(await readFile(file, "utf8")) as Record<string, unknown>;
    if (typeof engineUrl === "string" && typeof model === "string")
      return { engineUrl, model, restore: Array.isArray(restore) ? restore.flatMap(modelToRestore) : [] };
    throw new Error("engineUrl or model is missing");
  } catch (thrown) {
    if (systemCodeOf(thrown) === "ENOENT") return null; // undone meanwhile
    report(
      `The note ${file} about an interrupted trial can't be read (${messageOf(thrown)}): \`ollama ps\` shows whether its model is still loaded; then remove the note.`,
    );
    return null;
  }
}
