// The `options` of a request: which are known, of what type, what stands in for an unset one, and what is silently adjusted.
import { RequestError } from "./request-error.ts";
import type { Script } from "./script.ts";
import type { ScriptedModel } from "./scripted-model.ts";
import type { Behaviours } from "./versions.ts";

/** The options that decide how a runner is loaded; another value reloads it. */
export interface LoadOptions {
  readonly numCtx: number;
  readonly numBatch: number;
  readonly numGpu: number;
  readonly mainGpu: number;
  readonly useMmap: boolean | null;
  readonly numThread: number;
  readonly draftNumPredict: number;
  /** Only where `shift` is a launch option; else null. */
  readonly shift: boolean | null;
  /** num_ctx and num_batch were chosen by the server: an automatic value never reloads another automatic one. */
  readonly automaticCtx: boolean;
  readonly automaticBatch: boolean;
}

/** The options of one generation. */
export interface RunOptions {
  readonly numPredict: number;
  readonly numKeep: number;
  readonly seed: number;
}

type Kind = "integer" | "boolean" | "float32" | "array";

const KNOWN: Readonly<Record<string, Kind>> = {
  num_ctx: "integer",
  num_batch: "integer",
  num_gpu: "integer",
  main_gpu: "integer",
  use_mmap: "boolean",
  num_thread: "integer",
  draft_num_predict: "integer",
  num_keep: "integer",
  seed: "integer",
  num_predict: "integer",
  top_k: "integer",
  top_p: "float32",
  min_p: "float32",
  typical_p: "float32",
  repeat_last_n: "integer",
  temperature: "float32",
  repeat_penalty: "float32",
  presence_penalty: "float32",
  frequency_penalty: "float32",
  stop: "array",
};

/** Where option values come from, lowest first: server default, the model's own, the request's. */
export interface OptionSources {
  readonly script: Script;
  readonly model: ScriptedModel;
  readonly behaviours: Behaviours;
  readonly requested: Readonly<Record<string, unknown>>;
}

/**
 * Reads a request's options as Ollama does: unknown keys are ignored, numbers are cut to integers, null is unset.
 * @throws RequestError 500 for a known key of the wrong type.
 */
export function readOptions(
  sources: OptionSources,
  shift: boolean | null,
): { load: LoadOptions; run: RunOptions } {
  const given = mergeOptions(sources);
  const integer = (key: string, fallback: number) =>
    typeof given[key] === "number" ? Math.trunc(given[key]) : fallback;
  const numCtx = Math.max(4, integer("num_ctx", automaticContext(sources)));
  const numBatch = integer("num_batch", automaticBatch(sources, numCtx));
  const resolvedShift = shift ?? numCtx < sources.behaviours.defaultShiftBelowNumCtx;
  return {
    load: {
      numCtx,
      numBatch,
      numGpu: integer("num_gpu", -1),
      mainGpu: integer("main_gpu", 0),
      useMmap: typeof given.use_mmap === "boolean" ? given.use_mmap : null,
      numThread: integer("num_thread", 0),
      draftNumPredict: integer("draft_num_predict", 0),
      shift: sources.behaviours.shiftIsLoadTime ? resolvedShift : null,
      automaticCtx: typeof given.num_ctx !== "number",
      automaticBatch: typeof given.num_batch !== "number",
    },
    run: {
      numPredict: integer("num_predict", -1),
      numKeep: integer("num_keep", 4),
      seed: integer("seed", -1),
    },
  };
}

/** Whether a loaded runner has to be replaced for these options; contexts count as at most `longest`. */
export function needsReload(loaded: LoadOptions, asked: LoadOptions, longest: number): boolean {
  const sameCtx =
    (loaded.automaticCtx && asked.automaticCtx) ||
    Math.min(loaded.numCtx, longest) === Math.min(asked.numCtx, longest);
  const sameBatch = (loaded.automaticBatch && asked.automaticBatch) || loaded.numBatch === asked.numBatch;
  // An automatic num_gpu matches whatever is loaded: going back to it does not reload.
  const sameGpu = asked.numGpu < 0 || loaded.numGpu === asked.numGpu;
  const sameMmap = asked.useMmap === null || loaded.useMmap === asked.useMmap;
  const sameRest =
    loaded.mainGpu === asked.mainGpu &&
    loaded.numThread === asked.numThread &&
    loaded.draftNumPredict === asked.draftNumPredict &&
    loaded.shift === asked.shift;
  return !(sameCtx && sameBatch && sameGpu && sameMmap && sameRest);
}

/** The number of tokens that may be generated: open-ended generations stop at ten contexts. */
export function boundedPredict(numPredict: number, numCtx: number): number {
  const limit = 10 * numCtx;
  return numPredict <= 0 || numPredict > limit ? limit : numPredict;
}

function mergeOptions({ model, behaviours, requested }: OptionSources): Record<string, unknown> {
  const merged: Record<string, unknown> = {};
  for (const [key, value] of [...Object.entries(model.parameters), ...Object.entries(requested)]) {
    const kind = key === "draft_num_predict" && !behaviours.knowsDraftOption ? undefined : KNOWN[key];
    if (kind === undefined || value === null) continue;
    if (!isOfKind(value, kind)) throw new RequestError(500, `option "${key}" must be of type ${kind}`);
    merged[key] = value;
  }
  return merged;
}

function isOfKind(value: unknown, kind: Kind): boolean {
  if (kind === "array") return Array.isArray(value);
  return typeof value === (kind === "boolean" ? "boolean" : "number");
}

function automaticContext({ script, behaviours }: OptionSources): number {
  if (script.server.contextLength > 0) return script.server.contextLength;
  const vramGib = script.gpuShare > 0 ? script.memory.vramBytes / 1024 ** 3 : 0;
  if (!behaviours.contextFollowsVram || vramGib < 23) return 4096;
  return vramGib < 47 ? 32_768 : 262_144;
}

function automaticBatch({ script, behaviours }: OptionSources, numCtx: number): number {
  const cells = numCtx * script.server.numParallel;
  if (!behaviours.batchFollowsContext || cells <= 4096) return 512;
  return cells > 32_768 ? 2048 : 1024;
}
