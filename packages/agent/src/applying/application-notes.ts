// The notes on disk about derived models, one small file per server and name, flushed before each step that they tell of.
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { systemCodeOf } from "@ozone/shared/errors";
import { fullModelName } from "../ollama/engine-state.ts";
import { writeDurably } from "../outbox/durable-file.ts";
import type { Application } from "./application.ts";

const PREFIX = "model-";

/** Where the notes are, below an agent's data folder. */
export const notesFolder = (agentDataDir: string): string => join(agentDataDir, "applying");

/** Ollama's names know no case. */
const fileOf = (folder: string, { engineUrl, name }: Pick<Application, "engineUrl" | "name">): string => {
  const key = `${engineUrl} ${fullModelName(name).toLowerCase()}`;
  return join(folder, `${PREFIX}${createHash("sha256").update(key).digest("hex").slice(0, 16)}.json`);
};

/** Writes a note: after a crash there is this one or the one before. @throws the system's error */
export async function writeApplication(folder: string, application: Application): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeDurably(fileOf(folder, application), Buffer.from(`${JSON.stringify(application)}\n`));
}

/** Removes a note. @throws when the file is there and can't be removed */
export const forgetApplication = (folder: string, application: Application): Promise<void> =>
  rm(fileOf(folder, application), { force: true });

/** The note about one name, or null. @throws when it can't be read */
export const readApplication = (
  folder: string,
  which: Pick<Application, "engineUrl" | "name">,
): Promise<Application | null> => readNote(fileOf(folder, which));

/** All notes. @throws when the folder or a note can't be read */
export async function readApplications(folder: string): Promise<Application[]> {
  const names = await readdir(folder).catch((thrown: unknown) => {
    if (systemCodeOf(thrown) === "ENOENT") return [];
    throw thrown;
  });
  const own = names.filter((name) => name.startsWith(PREFIX) && name.endsWith(".json")).sort();
  const notes = await Promise.all(own.map((name) => readNote(join(folder, name))));
  return notes.filter((note) => note !== null);
}

/** Only whole files get their name (durable-file.ts), so that what can't be parsed was damaged by others: said, not passed over. */
async function readNote(file: string): Promise<Application | null> {
  const text = await readFile(file, "utf8").catch((thrown: unknown) => {
    if (systemCodeOf(thrown) === "ENOENT") return null;
    throw thrown;
  });
  if (text === null) return null;
  const note = JSON.parse(text) as Partial<Application> | null;
  if (typeof note?.engineUrl === "string" && typeof note.name === "string") return note as Application;
  throw new Error(`${file} is no note about a derived model`);
}
