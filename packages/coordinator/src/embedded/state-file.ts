// Small JSON files (mode 0600) in the data folder: ports, process ids and passwords of the embedded servers, so that
// the next start, and `ozone down`, find what is running.
import { open, readFile, rename, rm } from "node:fs/promises";

/**
 * Reads a state file; null when it is not there.
 * @throws Error when it can't be read or isn't a JSON object.
 */
export async function readState(file: string): Promise<Record<string, unknown> | null> {
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw new Error(`${file} can't be read (${error.message}): check who owns it.`, { cause: error });
  });
  if (text === null) return null;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
  } catch {
    // Not JSON: the sentence below says so, the parser's own adds nothing.
  }
  throw new Error(`${file} is not a JSON object: restore it, or remove the whole folder to begin anew.`);
}

/** Replaces a state file as one step (written aside, flushed, renamed), readable by its owner only. */
export async function writeState(file: string, state: object): Promise<void> {
  await writePrivateFile(file, `${JSON.stringify(state, null, 2)}\n`);
}

/**
 * Replaces a text file as one step with mode 0600; a crash leaves the old or the new one, never a half. Callers hold
 * the start lock, so nobody else writes FILE.new at the same time.
 */
export async function writePrivateFile(file: string, text: string): Promise<void> {
  const aside = `${file}.new`;
  try {
    const handle = await open(aside, "w", 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(aside, file);
  } catch (error) {
    await rm(aside, { force: true });
    throw error;
  }
}

/** A text field of a state file, or null when it is missing or of another kind. */
export function textField(state: Record<string, unknown> | null, name: string): string | null {
  const value = state?.[name];
  return typeof value === "string" ? value : null;
}

/** A whole-number field of a state file, or null when it is missing or of another kind. */
export function numberField(state: Record<string, unknown> | null, name: string): number | null {
  const value = state?.[name];
  return typeof value === "number" && Number.isInteger(value) ? value : null;
}
