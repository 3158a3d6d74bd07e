// Applies a preset: a trial model is made of it and measured; only what keeps its promise gets the name that was asked
// for, in one copy. A note on disk goes before each step (application.ts), so that a kill leaves the old state or the new.
import { randomUUID } from "node:crypto";
import type { Gain, Preset } from "@ozone/proto/preset";
import { derivedModelName, derivedParameters, isModelName, withTagSuffix } from "@ozone/shared/derived-model";
import { messageOf, OzoneError } from "@ozone/shared/errors";
import type { EngineClient } from "../ollama/engine-client.ts";
import { sameModel } from "../ollama/engine-state.ts";
import { modelDetailsOf } from "../ollama/model-details.ts";
import { numberParametersOf } from "../ollama/model-parameters.ts";
import type { Application, Before, Standing } from "./application.ts";
import { readApplication, writeApplication } from "./application-notes.ts";
import { finishInterrupted, published, settle } from "./finish-interrupted.ts";
import { lookAtNames } from "./installed-names.ts";
import { whyNotHere } from "./preset-holds.ts";
import { discardTrial, publish } from "./publish.ts";
import { type Evidence, type MeasureLaunch, reMeasure } from "./re-measure.ts";

/** What is asked for. */
export interface ApplyRequest {
  readonly preset: Preset;
  /** Name of the derived model; empty: of the model and the purpose. */
  readonly as: string;
  /** A model of somebody else that has this name may be set aside until it is rolled back. */
  readonly replace: boolean;
  /** Another version of the engine, and a stale preset, are let through to be measured. */
  readonly despiteChanges: boolean;
  /** Refuse where a preset is applied under this name already: rolling back would not lead to what is there now. */
  readonly onlyAnew?: boolean;
}

/** Everything around it. The host lock is held by the caller. */
export interface ApplyPorts {
  readonly engine: EngineClient;
  /** Where the notes are. */
  readonly folder: string;
  readonly hardwareClass: string;
  readonly signal: AbortSignal;
  say(words: string): void;
  readonly measure: MeasureLaunch;
  /** Told that it will be kept, before anything is put in place: whoever has to answer for it after a kill knows it then. */
  onDecided?(outcome: ApplyOutcome): Promise<void>;
}

/** What came of it. */
export interface ApplyOutcome {
  readonly outcome: "kept" | "rolled back";
  readonly name: string;
  readonly baseName: string;
  readonly parameters: Readonly<Record<string, number>>;
  /** Of the derived model, when it was kept. */
  readonly digest: string | null;
  /** Under which name rolling back finds what was there before; null when nothing was. */
  readonly backupName: string | null;
  readonly promised: readonly Gain[];
  readonly evidence: Evidence;
}

/**
 * Applies, measures, keeps or rolls back.
 * @throws OzoneError or TrialFailure when it was not applied for another reason than its figures; nothing is changed then
 */
export async function applyPreset(request: ApplyRequest, ports: ApplyPorts): Promise<ApplyOutcome> {
  for (const sentence of await finishInterrupted(ports.folder, ports.engine)) ports.say(sentence);
  await requireHere(request, ports);
  const note = await openNote(request, ports);
  const trialName = withTagSuffix(note.name, `trial-${randomUUID().slice(0, 8)}`);
  await writeApplication(ports.folder, { ...note, underway: { step: "trying", trialName } });
  try {
    const digest = await makeTrial(request.preset, trialName, ports);
    ports.say("measuring the default configuration and the derived model in turns");
    const derived = { name: trialName, digest };
    const evidence = await reMeasure({ preset: request.preset, derived, measure: ports.measure });
    const outcome = { ...describe(request, note), evidence };
    if (evidence.decision === "keep") {
      await ports.onDecided?.({ ...outcome, outcome: "kept", digest, backupName: null });
      return { ...outcome, ...(await keep(note, derived, ports)) };
    }
    await undo(note, trialName, ports);
    return { ...outcome, outcome: "rolled back", digest: null, backupName: null };
  } catch (thrown) {
    await undo(note, trialName, ports).catch((problem: unknown) =>
      ports.say(`${trialName} could not be removed (${messageOf(problem)}); the next start does it.`),
    );
    throw thrown;
  }
}

const describe = ({ preset }: ApplyRequest, { name, baseName }: Application) => ({
  name,
  baseName,
  promised: preset.gains,
  parameters: preset.configuration === undefined ? {} : derivedParameters(preset.configuration),
});

async function requireHere(request: ApplyRequest, ports: ApplyPorts): Promise<void> {
  const { engine, signal, hardwareClass } = ports;
  const { preset, despiteChanges } = request;
  const identity = await engine.identity(signal);
  const installed = (await engine.installed(signal)).find(({ name }) => sameModel(name, preset.modelName));
  const details = installed && modelDetailsOf(await engine.show(preset.modelName, signal), installed);
  const model = installed && details ? { digest: installed.digest, synthetic: details.synthetic } : null;
  const problem = whyNotHere(preset, { hardwareClass, engine: identity, model }, despiteChanges);
  if (problem !== null) throw new OzoneError("unavailable", problem);
}

/** The note to start from: what stands under this name by us, if it still does. */
async function openNote(request: ApplyRequest, ports: ApplyPorts): Promise<Application> {
  const { preset, as, replace, onlyAnew = false } = request;
  const name = as === "" ? derivedModelName(preset.modelName, preset.purpose) : as;
  if (!isModelName(name)) {
    throw new OzoneError("invalid_input", `${JSON.stringify(name)} is no model name; write model:tag.`);
  }
  const which = { engineUrl: ports.engine.url, name };
  const known = await readApplication(ports.folder, which);
  if (known?.underway != null) {
    throw new OzoneError(
      "unavailable",
      `Applying ${name} was interrupted and could not be ended; see above.`,
    );
  }
  const now = (await lookAtNames(ports.engine, ports.signal)).digestOf(name);
  const standing = stillStands(known?.standing ?? null, now);
  if (standing !== null && onlyAnew) {
    throw new OzoneError(
      "already_exists",
      `A preset is applied as ${name} already (${standing.purpose}, ${standing.appliedAt.slice(0, 10)}); take it back there first (\`ozone preset rollback ${name}\`), or choose another name (--as).`,
    );
  }
  if (now !== null && standing === null && !replace) {
    throw new OzoneError(
      "already_exists",
      `There is a model ${name} already, which Ozone did not make; choose another name (--as), or set it aside until you roll back (--replace).`,
    );
  }
  return { ...which, baseName: preset.modelName, purpose: preset.purpose, standing, underway: null };
}

const stillStands = (standing: Standing | null, now: string | null): Standing | null =>
  standing !== null && standing.digest === now ? standing : null;

/** @returns the digest of the trial model, whose parameters were read back */
async function makeTrial(preset: Preset, trialName: string, ports: ApplyPorts): Promise<string> {
  const { engine, signal } = ports;
  if (preset.configuration === undefined)
    throw new OzoneError("internal", "The preset has no configuration.");
  const parameters = derivedParameters(preset.configuration);
  ports.say(`making ${trialName} from ${preset.modelName}`);
  await engine.derive(trialName, { from: preset.modelName, parameters }, signal);
  const shown = numberParametersOf(await engine.show(trialName, signal));
  for (const [option, value] of Object.entries(parameters)) {
    if (shown.get(option) === value) continue;
    throw new OzoneError(
      "internal",
      `The server shows ${option} ${shown.get(option) ?? "unset"} for ${trialName}, and ${value} was asked for; nothing was applied.`,
    );
  }
  const digest = (await lookAtNames(engine, signal)).digestOf(trialName);
  if (digest !== null) return digest;
  throw new OzoneError("internal", `The server says that it made ${trialName}, but does not list it.`);
}

async function keep(
  note: Application,
  derived: { readonly name: string; readonly digest: string },
  { engine, folder, signal }: ApplyPorts,
): Promise<Pick<ApplyOutcome, "outcome" | "digest" | "backupName">> {
  const before = note.standing?.before ?? (await whatIsThere(note, derived.digest, { engine, signal }));
  const underway = { step: "publishing", trialName: derived.name, digest: derived.digest, before } as const;
  const decided = { ...note, underway };
  await writeApplication(folder, decided);
  const problem = await publish(engine, decided, underway);
  if (problem !== null) {
    await settle(folder, note);
    throw new OzoneError("unavailable", problem);
  }
  await writeApplication(folder, published(decided, new Date()));
  return { outcome: "kept", digest: derived.digest, backupName: before.backupName };
}

/** What rolling back will restore. A model that is the same already needs no copy. */
async function whatIsThere(
  { name }: Application,
  derivedDigest: string,
  { engine, signal }: Pick<ApplyPorts, "engine" | "signal">,
): Promise<Before> {
  const digest = (await lookAtNames(engine, signal)).digestOf(name);
  if (digest === null || digest === derivedDigest) return { digest, backupName: null };
  return { digest, backupName: withTagSuffix(name, `before-ozone-${randomUUID().slice(0, 8)}`) };
}

async function undo(note: Application, trialName: string, { engine, folder }: ApplyPorts): Promise<void> {
  const known = await readApplication(folder, note);
  // Once it is decided to keep it, what is left to do is going on, not undoing.
  if (known?.underway?.step === "publishing" || (known !== null && known.underway === null)) return;
  await discardTrial(engine, trialName);
  await settle(folder, note);
}
