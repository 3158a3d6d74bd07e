// One pull from its order to a model that is there, checked and written down; or one sentence on why it is not.
import type { PullOrder } from "@ozone/proto/pull";
import { bareDigest } from "@ozone/shared/model-digest";
import { formatBytes } from "@ozone/shared/units";
import type { EngineClient } from "../ollama/engine-client.ts";
import { fullModelName, type InstalledModel, sameModel } from "../ollama/engine-state.ts";
import { bytesOf, roomFor } from "./make-room.ts";
import { mirrorName } from "./mirror-name.ts";
import type { PullRule } from "./pull-rule.ts";
import type { PulledModels } from "./pulled-models.ts";

/** How far a pull is, over the parts of the model that are known. */
export interface PullProgress {
  readonly completedBytes: number;
  readonly totalBytes: number;
}

/** What a pull works with. */
export interface PullPorts {
  readonly engine: EngineClient;
  readonly rule: PullRule;
  readonly pulled: PulledModels;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: PullProgress) => void;
  readonly log: (line: string) => void;
}

/** Why a model is not there, for people. */
export class PullProblem extends Error {}

const named = (installed: readonly InstalledModel[], name: string): InstalledModel | undefined =>
  installed.find((one) => sameModel(one.name, name));

/**
 * Pulls the model of an order.
 * @returns the digest of what is there now
 * @throws PullProblem with one sentence; TrialFailure when the server fails, `cancelled` when the signal aborted
 */
export async function pullModel(order: PullOrder, ports: PullPorts): Promise<string> {
  const { engine, pulled, signal } = ports;
  const installed = await engine.installed(signal);
  await pulled.compare(installed);
  // Pulling it again would replace its owner's model by another of the same name.
  const there = named(installed, order.model);
  const { model, isOurs } = there ? { model: there, isOurs: false } : await bring(order, ports);
  const problem = digestProblem(order, model);
  if (problem !== null) {
    // What we brought and nobody wants goes again.
    if (isOurs) await engine.remove(model.name, signal);
    throw new PullProblem(problem);
  }
  if (isOurs) {
    const { name, digest, sizeBytes } = model;
    await pulled.add({ model: name, digest, sizeBytes, usedAtMs: Date.now() });
  }
  return model.digest;
}

interface Brought {
  readonly model: InstalledModel;
  /** False: its owner was quicker. */
  readonly isOurs: boolean;
}

const bring = async (order: PullOrder, ports: PullPorts): Promise<Brought> =>
  underItsName(order, await download(order, ports), ports);

/** A name is a moving tag: what came must be what the others have. */
function digestProblem({ model, expectedDigest }: PullOrder, { digest }: InstalledModel): string | null {
  const expected = bareDigest(expectedDigest);
  if (expected === "" || digest === expected) return null;
  return `${model} is ${digest.slice(0, 12)} here and ${expected.slice(0, 12)} on other machines: the name means another model now; pull it anew there, or name one that is the same.`;
}

/** @returns the name under which it was pulled */
async function download({ model }: PullOrder, ports: PullPorts): Promise<string> {
  const { engine, rule, signal, onProgress } = ports;
  const source = rule.mirror === null ? fullModelName(model) : mirrorName(model, rule.mirror);
  const parts = new Map<string, PullProgress>();
  let checkedBytes = 0;
  for await (const part of engine.pull(source, { insecure: rule.insecure, signal })) {
    parts.set(part.digest, { completedBytes: part.completedBytes, totalBytes: part.totalBytes });
    const all = [...parts.values()];
    const totalBytes = all.reduce((sum, one) => sum + one.totalBytes, 0);
    onProgress({ totalBytes, completedBytes: all.reduce((sum, one) => sum + one.completedBytes, 0) });
    // How large a model is, is known part by part, the weights first.
    if (totalBytes > checkedBytes) await makeRoom(model, totalBytes, ports);
    checkedBytes = Math.max(checkedBytes, totalBytes);
  }
  return source;
}

async function makeRoom(model: string, needBytes: number, ports: PullPorts): Promise<void> {
  const { engine, rule, pulled, signal, log } = ports;
  const kept = new Set((await engine.loaded(signal)).map(({ name }) => name));
  const going = roomFor(needBytes, { pulled: pulled.models, diskBytes: rule.diskBytes, kept });
  if (going === null)
    throw new PullProblem(
      `${model} needs at least ${formatBytes(needBytes)}, and of the ${formatBytes(rule.diskBytes)} that this machine's owner lets Ozone use ${formatBytes(bytesOf(pulled.models))} are taken.`,
    );
  for (const victim of going) {
    // Looked at again: only what is still as Ozone pulled it is Ozone's to remove.
    const now = named(await engine.installed(signal), victim.model);
    if (now?.digest === victim.digest) await engine.remove(now.name, signal);
    await pulled.forget(victim.model);
    log(`${victim.model}, which Ozone had pulled, was removed to make room for ${model}`);
  }
}

/** From a mirror the model has the mirror's name: it gets its own. */
async function underItsName(
  { model }: PullOrder,
  source: string,
  { engine, signal }: PullPorts,
): Promise<Brought> {
  const name = fullModelName(model);
  const before = source === name ? undefined : named(await engine.installed(signal), name);
  if (source !== name) {
    if (!before) await engine.copy(source, name, signal);
    await engine.remove(source, signal);
  }
  const there = named(await engine.installed(signal), name);
  if (!there) throw new PullProblem(`${model} was pulled, but the server does not list it.`);
  return { model: there, isOurs: before === undefined };
}
