// A server that moved to another port still has its models: a note about an address where nothing answers any more goes
// over to the server at hand, if that one has what the note tells of. The reference engine takes a new port at each start.
import { EngineClient } from "../ollama/engine-client.ts";
import type { Application } from "./application.ts";
import {
  forgetApplication,
  readApplication,
  readApplications,
  writeApplication,
} from "./application-notes.ts";
import { type InstalledNames, lookAtNames } from "./installed-names.ts";

/** Who is there says so at once. */
const ANSWER_LIMIT_MS = 3_000;

/** Writes the notes anew that are about this server under an older address. @throws TrialFailure when it does not answer */
export async function adoptNotes(folder: string, engine: EngineClient): Promise<void> {
  const foreign = (await readApplications(folder)).filter(({ engineUrl }) => engineUrl !== engine.url);
  if (foreign.length === 0) return;
  const names = await lookAtNames(engine, AbortSignal.timeout(ANSWER_LIMIT_MS));
  for (const note of foreign) {
    const adopted = { ...note, engineUrl: engine.url };
    if (!isHere(note, names) || (await answers(note.engineUrl))) continue;
    if ((await readApplication(folder, adopted)) !== null) continue;
    await writeApplication(folder, adopted);
    await forgetApplication(folder, note);
  }
}

/** Digests are of whole manifests and trial names hold random digits: neither is there by chance. */
function isHere({ name, standing, underway }: Application, names: InstalledNames): boolean {
  const stands = standing !== null && names.digestOf(name) === standing.digest;
  const trial = underway !== null && underway.step !== "rolling back" ? underway.trialName : null;
  const kept = standing?.before.backupName ?? null;
  return stands || [trial, kept].some((one) => one !== null && names.digestOf(one) !== null);
}

const answers = (url: string): Promise<boolean> =>
  new EngineClient(url).identity(AbortSignal.timeout(ANSWER_LIMIT_MS)).then(
    () => true,
    () => false,
  );
