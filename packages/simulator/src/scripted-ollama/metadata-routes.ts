// What a server says about itself and its models: /api/version, /api/tags, /api/show, /api/ps.
import type { LieHooks, ModelRow } from "./lies/hooks.ts";
import { through } from "./lies/hooks.ts";
import { hooksFor } from "./lies/lie.ts";
import { RequestError } from "./request-error.ts";
import type { Runner } from "./runner.ts";
import type { ScriptedModel } from "./scripted-model.ts";
import type { World } from "./world.ts";

/** Elements that a verbose /api/show gives for an array of the vocabulary. */
const VERBOSE_ELEMENTS = 64;

/** The lies that are told outside generations. */
export function metadataHooks(world: World): LieHooks[] {
  return hooksFor(world.script.lies, { sample: undefined, samplesBegun: world.samplesBegun });
}

/** The body of /api/version. */
export function versionReply(world: World): unknown {
  return {
    version: through(metadataHooks(world), world.script.version, (hook, version) => hook.version?.(version)),
  };
}

/** The body of /api/tags. */
export function tagsReply(world: World): unknown {
  const honest: readonly ModelRow[] = world.store.models.map((model) => ({
    name: model.name,
    model: model.name,
    modified_at: model.modifiedAt,
    size: model.size,
    digest: model.digest,
    details: model.details,
  }));
  return { models: through(metadataHooks(world), honest, (hook, rows) => hook.tags?.(rows)) };
}

/** Whether /api/ps is to stay silent. */
export function psIsSilent(world: World): boolean {
  return metadataHooks(world).some((hook) => hook.hangsOnPs);
}

/** The body of /api/ps: runners that load, work, wait or are being unloaded; longest to live first. */
export function psReply(world: World): unknown {
  const runners = [...world.scheduler.runners].sort((a, b) => b.expiresAtMs - a.expiresAtMs);
  const honest: readonly ModelRow[] = runners.map(psRow);
  return { models: through(metadataHooks(world), honest, (hook, rows) => hook.ps?.(rows)) };
}

/**
 * The body of /api/show.
 * @throws RequestError 400 without a name, 404 for an unknown model.
 */
export function showReply(world: World, body: Readonly<Record<string, unknown>>): unknown {
  const name = body.model ?? body.name;
  if (typeof name !== "string" || name === "") throw new RequestError(400, "model is required");
  const hidden = metadataHooks(world).some((hook) => hook.knowsNoModel);
  const model = hidden ? undefined : world.store.find(name);
  if (model === undefined) throw new RequestError(404, `model '${name}' not found`);
  const parameters = Object.entries(model.parameters).map(
    ([key, value]) => `${key.padEnd(30)} ${String(value)}`,
  );
  return {
    modelfile: `# Modelfile\nFROM /models/blobs/${model.blob.replace(":", "-")}\n`,
    ...(parameters.length === 0 ? {} : { parameters: parameters.join("\n") }),
    template: "user {{ .Prompt }} assistant",
    details: model.details,
    model_info: body.verbose === true ? verboseInfo(model) : model.modelInfo,
    tensors: model.tensors,
    capabilities: ["completion"],
    modified_at: model.modifiedAt,
  };
}

function psRow(runner: Runner): ModelRow {
  return {
    name: runner.model.name,
    model: runner.model.name,
    size: runner.size,
    digest: runner.model.digest,
    details: runner.model.details,
    expires_at: new Date(runner.expiresAtMs || Date.now() + 300_000).toISOString(),
    size_vram: runner.sizeVram,
    context_length: runner.allocation.shownContext,
  };
}

/** Array-valued keys are null unless `verbose` is asked for. */
function verboseInfo(model: ScriptedModel): Record<string, unknown> {
  const tokens = Array.from({ length: VERBOSE_ELEMENTS }, (_, index) => `token-${index}`);
  return {
    ...model.modelInfo,
    "tokenizer.ggml.scores": tokens.map(() => 0),
    "tokenizer.ggml.token_type": tokens.map(() => 1),
    "tokenizer.ggml.tokens": tokens,
  };
}
