// What the announcement of a machine says about its engine and models. Reads only; nothing is loaded or changed.
import { create } from "@bufbuild/protobuf";
import { EngineKind, type Model, ModelSchema } from "@ozone/proto/machine";
import { messageOf } from "@ozone/shared/errors";
import { kvBytesPerToken } from "@ozone/shared/memory-model";
import { EngineClient } from "./engine-client.ts";
import { type InstalledModel, type LoadedModel, sameModel } from "./engine-state.ts";
import { type ModelDetails, modelDetailsOf } from "./model-details.ts";

/** The server behind an address. */
export interface EngineDescription {
  readonly kind: EngineKind;
  /** Empty when it does not answer. */
  readonly version: string;
  readonly reachable: boolean;
  /** Why it can't be used, in one sentence; empty when it can. */
  readonly problem: string;
}

/** Older servers cut over-long prompts whatever is asked, so that nothing measured on them could be believed. */
const VERSION_MIN = [0, 12, 6] as const;

/** Asks a server who it is. Never throws. */
export async function describeEngine(url: string, signal: AbortSignal): Promise<EngineDescription> {
  try {
    const { kind, version } = await new EngineClient(url).identity(signal);
    return { kind, version, reachable: true, problem: versionProblem(kind, version) };
  } catch (thrown) {
    return { kind: EngineKind.UNSPECIFIED, version: "", reachable: false, problem: messageOf(thrown) };
  }
}

function versionProblem(kind: EngineKind, version: string): string {
  if (kind !== EngineKind.OLLAMA || !isOlder(version)) return "";
  return `Ollama ${version} is too old to be measured (it cuts long prompts in silence); update it to ${VERSION_MIN.join(".")} or newer.`;
}

/** 0.0.0 is a server built without a version: not known to be old. */
function isOlder(version: string): boolean {
  const parts = /^(\d+)\.(\d+)\.(\d+)/.exec(version)?.slice(1).map(Number);
  if (parts === undefined || parts.every((part) => part === 0)) return false;
  const different = VERSION_MIN.findIndex((wanted, at) => parts[at] !== wanted);
  return different >= 0 && (parts[different] ?? 0) < (VERSION_MIN[different] ?? 0);
}

/** Details are asked for one after the other a few at a time, and kept by digest: they never change. */
const ASKED_AT_ONCE = 4;
const KEPT_MAX = 1000;
const kept = new Map<string, ModelDetails>();

/**
 * The installed models of a server, with what their architecture says.
 * @throws TrialFailure when the server does not answer
 */
export async function listModels(url: string, signal: AbortSignal): Promise<Model[]> {
  const engine = new EngineClient(url);
  const installed = await engine.installed(signal);
  const loaded = await engine.loaded(signal);
  const models: Model[] = [];
  for (let from = 0; from < installed.length; from += ASKED_AT_ONCE) {
    const group = installed.slice(from, from + ASKED_AT_ONCE);
    models.push(...(await Promise.all(group.map((one) => describeModel(engine, { one, loaded, signal })))));
  }
  return models;
}

async function describeModel(
  engine: EngineClient,
  { one, loaded, signal }: { one: InstalledModel; loaded: readonly LoadedModel[]; signal: AbortSignal },
): Promise<Model> {
  const details = await detailsOf(engine, one, signal);
  return create(ModelSchema, {
    name: one.name,
    digest: one.digest,
    sizeBytes: BigInt(one.sizeBytes),
    family: one.family,
    parameterSize: one.parameterSize,
    quantization: one.quantization,
    trainedContext: details.trainedContext ?? 0,
    synthetic: details.synthetic,
    kvBytesPerToken: BigInt(Math.round(kvBytesPerToken(details.architecture))),
    loaded: loaded.some(({ name }) => sameModel(name, one.name)),
  });
}

/** A model whose details can't be read is still a model: it is announced without them. */
async function detailsOf(
  engine: EngineClient,
  model: InstalledModel,
  signal: AbortSignal,
): Promise<ModelDetails> {
  const known = kept.get(model.digest);
  if (known !== undefined) return known;
  const shown = await engine.show(model.name, signal).catch(() => null);
  const details = modelDetailsOf(shown, model);
  if (shown !== null && model.digest !== "" && kept.size < KEPT_MAX) kept.set(model.digest, details);
  return details;
}
