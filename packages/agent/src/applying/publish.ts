// Gives the trial model its name, and takes it back: in steps that can be cut off anywhere and gone through again.
import { OzoneError } from "@ozone/shared/errors";
import type { EngineClient } from "../ollama/engine-client.ts";
import type { Application, Before, Underway } from "./application.ts";
import { type InstalledNames, lookAtNames } from "./installed-names.ts";

/** A server may need a moment; no step is waited for longer. */
const STEP_LIMIT_MS = 60_000;

const limit = (): AbortSignal => AbortSignal.timeout(STEP_LIMIT_MS);

type Publishing = Extract<Underway, { step: "publishing" }>;

/**
 * The trial model takes the name; what had it before is kept under the backup's.
 * @returns why it can't be done, with everything as it was before; null when it is done
 * @throws TrialFailure when the server does not do as told: go through it again later
 */
export async function publish(
  engine: EngineClient,
  application: Application,
  underway: Publishing,
): Promise<string | null> {
  const { name, standing } = application;
  const { trialName, digest, before } = underway;
  const names = await lookAtNames(engine, limit());
  if (names.digestOf(name) !== digest) {
    const expected = standing?.digest ?? before.digest;
    const problem = whyNotPublish(names, application, underway, expected);
    if (problem !== null) {
      await discardTrial(engine, trialName);
      await discardBackup(engine, application, before);
      return problem;
    }
    if (standing === null) await keepBackup(engine, names, { name, before });
    await engine.copy(trialName, name, limit());
    await requireDigest(engine, name, digest);
  }
  await discardTrial(engine, trialName);
  return null;
}

function whyNotPublish(
  names: InstalledNames,
  { name }: Application,
  { trialName, digest }: Publishing,
  expected: string | null,
): string | null {
  if (names.digestOf(trialName) !== digest) {
    return `${trialName}, which was measured, is no longer installed as it was; ${name} was left as it is.`;
  }
  if (names.digestOf(name) === expected) return null;
  return `${name} was changed by somebody else meanwhile; it was left as it is.`;
}

async function keepBackup(
  engine: EngineClient,
  names: InstalledNames,
  { name, before }: { name: string; before: Before },
): Promise<void> {
  const { digest, backupName } = before;
  if (digest === null || backupName === null || names.digestOf(backupName) === digest) return;
  await engine.copy(name, backupName, limit());
  await requireDigest(engine, backupName, digest);
}

/** A backup that nothing depends on: the name still is what it is a copy of. */
async function discardBackup(
  engine: EngineClient,
  { name, standing }: Application,
  before: Before,
): Promise<void> {
  const { digest, backupName } = before;
  if (standing !== null || backupName === null || digest === null) return;
  const names = await lookAtNames(engine, limit());
  if (names.digestOf(backupName) === digest && names.digestOf(name) === digest) {
    await engine.remove(backupName, limit());
  }
}

/** Removes the trial model if it is there. Its name holds random digits: nobody else's has it. */
export async function discardTrial(engine: EngineClient, trialName: string): Promise<void> {
  const names = await lookAtNames(engine, limit());
  if (names.digestOf(trialName) !== null) await engine.remove(trialName, limit());
}

/**
 * The name becomes what it was before Ozone, by its digest.
 * @returns why it was not touched; null when it is as it was
 * @throws TrialFailure when the server does not do as told: go through it again later
 */
export async function restoreBefore(engine: EngineClient, application: Application): Promise<string | null> {
  const { name, standing } = application;
  if (standing === null) return null;
  const { before, digest } = standing;
  const names = await lookAtNames(engine, limit());
  const now = names.digestOf(name);
  if (now !== null && now !== digest && now !== before.digest) {
    return `${name} has digest ${now.slice(0, 12)}, which Ozone did not give it: somebody changed it, so it was left as it is.`;
  }
  if (before.digest === null) {
    if (now !== null) await engine.remove(name, limit());
    return null;
  }
  if (now !== before.digest) {
    const { backupName } = before;
    if (backupName === null || names.digestOf(backupName) !== before.digest) {
      return `What ${name} was before (digest ${before.digest.slice(0, 12)}) is no longer kept as ${backupName ?? "anything"}, so it can't be restored; ${name} was left as it is.`;
    }
    await engine.copy(backupName, name, limit());
    await requireDigest(engine, name, before.digest);
  }
  if (before.backupName !== null && names.digestOf(before.backupName) !== null) {
    await engine.remove(before.backupName, limit());
  }
  return null;
}

async function requireDigest(engine: EngineClient, name: string, digest: string): Promise<void> {
  const found = (await lookAtNames(engine, limit())).digestOf(name);
  if (found === digest) return;
  throw new OzoneError(
    "internal",
    `The server copied to ${name}, but its digest is ${found?.slice(0, 12) ?? "none"} instead of ${digest.slice(0, 12)}.`,
  );
}
