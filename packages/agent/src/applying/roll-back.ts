// Takes an applied preset back: its name is again what it was before Ozone, by its digest.
import { OzoneError } from "@ozone/shared/errors";
import type { EngineClient } from "../ollama/engine-client.ts";
import { sameModel } from "../ollama/engine-state.ts";
import type { Application } from "./application.ts";
import { forgetApplication, readApplications, writeApplication } from "./application-notes.ts";
import { finishInterrupted, settle } from "./finish-interrupted.ts";
import { restoreBefore } from "./publish.ts";

/** Everything around it. The host lock is held by the caller. */
export interface RollBackPorts {
  readonly engine: EngineClient;
  readonly folder: string;
  say(words: string): void;
}

/** What came of it. */
export interface RollBackOutcome {
  readonly outcome: "rolled back";
  readonly name: string;
  /** Digest of what has the name again; null: nothing had it, nothing has. */
  readonly restored: string | null;
}

/**
 * Rolls back what stands under a name; without one, the only thing that stands.
 * @throws OzoneError not_found, invalid_input (several stand), unavailable (changed by somebody else)
 */
export async function rollBack(name: string, ports: RollBackPorts): Promise<RollBackOutcome> {
  const { engine, folder } = ports;
  for (const sentence of await finishInterrupted(folder, engine)) ports.say(sentence);
  const note = choose(await readApplications(folder), name, engine.url);
  const decided: Application = { ...note, underway: { step: "rolling back" } };
  await writeApplication(folder, decided);
  const problem = await restoreBefore(engine, decided);
  if (problem !== null) {
    await settle(folder, note);
    throw new OzoneError("unavailable", problem);
  }
  await forgetApplication(folder, note);
  return { outcome: "rolled back", name: note.name, restored: note.standing?.before.digest ?? null };
}

function choose(notes: readonly Application[], name: string, engineUrl: string): Application {
  const standing = notes.filter((note) => note.engineUrl === engineUrl && note.standing !== null);
  const meant = name === "" ? standing : standing.filter((note) => isSame(note.name, name));
  const [only, ...more] = meant;
  if (only !== undefined && more.length === 0) return only;
  const names = standing.map((note) => note.name).join(", ");
  if (only !== undefined) {
    throw new OzoneError(
      "invalid_input",
      `Several presets are applied (${names}); name the one to roll back.`,
    );
  }
  const elsewhere = notes.filter((note) => note.engineUrl !== engineUrl && note.standing !== null);
  const others = elsewhere.map((note) => `${note.name} on ${note.engineUrl}`).join(", ");
  const known = `${names === "" ? "none is applied" : `applied are ${names}`}${others === "" ? "" : `; applied is ${others}`}`;
  const what = name === "" ? "There is nothing to roll back" : `No preset is applied as ${name}`;
  throw new OzoneError("not_found", `${what}: on the server at ${engineUrl} ${known}.`);
}

const isSame = (one: string, other: string): boolean => sameModel(one.toLowerCase(), other.toLowerCase());
