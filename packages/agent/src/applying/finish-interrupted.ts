// After a kill: every application that was under way becomes the old state or the new one. Call it while the host lock
// is held, before anything else is done with the server.
import { messageOf } from "@ozone/shared/errors";
import { TrialFailure } from "@ozone/shared/failure";
import { EngineClient } from "../ollama/engine-client.ts";
import { adoptNotes } from "./adopt-notes.ts";
import type { Application } from "./application.ts";
import { forgetApplication, readApplications, writeApplication } from "./application-notes.ts";
import { discardTrial, publish, restoreBefore } from "./publish.ts";

/**
 * Ends or undoes what was under way.
 * @param here the server at hand, which may have had another address before
 * @returns a sentence for each application that was, also for one whose server does not answer now (its note stays)
 */
export async function finishInterrupted(folder: string, here: EngineClient): Promise<string[]> {
  let notes: Application[];
  try {
    // A server that does not answer has nothing to be adopted for; what is under way there says so below.
    await adoptNotes(folder, here).catch((thrown: unknown) => {
      if (!(thrown instanceof TrialFailure)) throw thrown;
    });
    notes = await readApplications(folder);
  } catch (thrown) {
    return [`Notes about derived models could not be read: ${messageOf(thrown)}.`];
  }
  const said: string[] = [];
  for (const note of notes) {
    if (note.underway === null) continue;
    try {
      said.push(await finish(folder, note));
    } catch (thrown) {
      said.push(`Applying ${note.name} was interrupted and can't be ended now: ${messageOf(thrown)}`);
    }
  }
  return said;
}

async function finish(folder: string, note: Application): Promise<string> {
  const engine = new EngineClient(note.engineUrl);
  const { underway, name } = note;
  if (underway?.step === "trying") {
    await discardTrial(engine, underway.trialName);
    await settle(folder, note);
    return `Applying ${name} was interrupted before it was measured; nothing was changed.`;
  }
  if (underway?.step === "publishing") {
    const problem = await publish(engine, note, underway);
    await settle(folder, problem === null ? published(note, new Date()) : note);
    return problem ?? `Applying ${name} was interrupted after it was measured; it is in place now.`;
  }
  const problem = await restoreBefore(engine, note);
  if (problem !== null) {
    await settle(folder, note);
    return problem;
  }
  await forgetApplication(folder, note);
  return `Rolling back ${name} was interrupted; it is as it was before now.`;
}

/** The note once its trial model has the name. A second application keeps what was there before the first. Pure. */
export function published(note: Application, now: Date): Application {
  if (note.underway?.step !== "publishing") return note;
  const { digest, before } = note.underway;
  const standing = {
    digest,
    before: note.standing?.before ?? before,
    purpose: note.purpose,
    appliedAt: now.toISOString(),
  };
  return { ...note, standing, underway: null };
}

/** Nothing is under way any more; a note of which nothing stands is forgotten. */
export async function settle(folder: string, note: Application): Promise<void> {
  if (note.standing === null) await forgetApplication(folder, note);
  else await writeApplication(folder, { ...note, underway: null });
}
