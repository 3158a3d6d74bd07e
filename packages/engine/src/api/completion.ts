// What /api/generate and /api/chat share: getting the model, turning options into a generation, and answering token by
// token or all at once, with Ollama's fields and metrics.

import { availableParallelism } from "node:os";
import { trainedContextLengthOf } from "../models/describe.ts";
import type { StoredModel } from "../models/model-store.ts";
import { type LoadOptions, resolveLoadOptions } from "../options/load-options.ts";
import { defaultOptions, type Options, parseOptions } from "../options/parse-options.ts";
import type { GenerationRequest, GenerationResult } from "../runner/messages.ts";
import type { Lease } from "../serving/scheduler.ts";
import { ApiError, toApiError } from "./api-error.ts";
import type { Exchange, JsonObject } from "./exchange.ts";
import { booleanField, keepAliveField, objectField } from "./fields.ts";
import type { Services } from "./services.ts";

/** A request whose model and options are known. `startedNs` is the moment the handler began. */
export interface CompletionRequest {
  readonly body: JsonObject;
  /** The name as the client wrote it; answers repeat it. */
  readonly writtenName: string;
  readonly model: StoredModel;
  readonly startedNs: bigint;
}

/** A request that has its model loaded. */
export interface ReadyRequest extends CompletionRequest {
  readonly lease: Lease;
  readonly options: Options;
  readonly loadedNs: bigint;
}

/** How an endpoint words its answers. */
export interface AnswerShape {
  /** The fields around one piece of text. */
  readonly chunk: (text: string) => JsonObject;
}

/** Loads the model of the request if need be and runs `use` with it; the lease ends with `use`. */
export async function withModel(
  exchange: Exchange,
  services: Services,
  request: CompletionRequest,
  use: (ready: ReadyRequest) => Promise<void>,
): Promise<void> {
  const { options, load } = readOptions(request, services);
  const lease = await services.scheduler.acquire({
    model: request.model,
    blobDigest: request.model.blob,
    load,
    keepAliveMs: keepAliveField(request.body),
    signal: exchange.signal,
  });
  try {
    await use({ ...request, lease, options, loadedNs: process.hrtime.bigint() });
  } finally {
    lease.release();
  }
}

function readOptions(
  { body, model }: CompletionRequest,
  services: Services,
): { options: Options; load: LoadOptions } {
  const defaults = defaultOptions(services.settings.contextLengthDefault);
  const { options, unknownNames } = parseOptions(defaults, model.parameters, objectField(body, "options"));
  for (const option of unknownNames) services.log("WARN", "invalid option provided", { option });
  const trained = trainedContextLengthOf(model.header);
  if (trained !== undefined && options.num_ctx > trained) {
    services.log("WARN", "requested context size too large for model", {
      num_ctx: options.num_ctx,
      n_ctx_train: trained,
    });
  }
  if (options.presence_penalty !== 0 || options.frequency_penalty !== 0) {
    if (options.repeat_penalty === 1) {
      services.log("WARN", "presence_penalty and frequency_penalty have no effect while repeat_penalty is 1");
    }
  }
  const surroundings = {
    trainedContextLength: trained ?? Number.POSITIVE_INFINITY,
    coreCount: availableParallelism(),
  };
  return { options, load: resolveLoadOptions(options, surroundings) };
}

/** Generates from the prompt and answers. Errors after the first token end the stream with an `error` line. */
export async function complete(
  exchange: Exchange,
  ready: ReadyRequest,
  { prompt, shape }: { prompt: string; shape: AnswerShape },
): Promise<void> {
  const streamed = booleanField(ready.body, "stream") ?? true;
  let text = "";
  const envelope = (): JsonObject => ({ model: ready.writtenName, created_at: new Date().toISOString() });
  const onToken = (piece: string): void => {
    if (streamed) exchange.line({ ...envelope(), ...shape.chunk(piece), done: false });
    else text += piece;
  };
  try {
    const result = await ready.lease.runner.generate(generationRequest(ready, prompt), {
      onToken,
      signal: exchange.signal,
    });
    const last = { ...envelope(), ...shape.chunk(text), done: true, ...outcome(ready, result) };
    if (!streamed) exchange.reply(200, last);
    else {
      exchange.line(last);
      exchange.end();
    }
  } catch (error) {
    if (!exchange.streaming) throw error;
    exchange.line({ error: toApiError(error, "mid-stream").message });
    exchange.end();
  }
}

/** The fields that this engine cannot honour; asking for one is an error, so that nobody mistakes silence for effect. */
export function refuseUnsupported(body: JsonObject, writtenName: string): void {
  const asked = (name: string): boolean => {
    const value = body[name];
    return value !== undefined && value !== null && value !== "" && value !== false && !isEmptyList(value);
  };
  if (asked("think")) throw new ApiError(400, `${JSON.stringify(writtenName)} does not support thinking`);
  if (asked("tools")) throw new ApiError(400, `${writtenName} does not support tools`);
  if (asked("suffix")) throw new ApiError(400, `${writtenName} does not support insert`);
  if (asked("images")) throw new ApiError(400, `${writtenName} does not support vision`);
  for (const field of ["format", "logprobs", "template", "context"]) {
    if (asked(field)) throw new ApiError(400, `this engine does not support ${JSON.stringify(field)}`);
  }
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

function generationRequest({ body, options, lease }: ReadyRequest, prompt: string): GenerationRequest {
  const { contextLimit } = lease.runner.facts;
  const limit = 10 * contextLimit;
  return {
    prompt,
    numKeep: options.num_keep,
    // Ollama's upper limit, so that nothing generates for ever; 0 means without limit there too.
    numPredict: options.num_predict < 0 || options.num_predict > limit ? limit : options.num_predict,
    truncate: booleanField(body, "truncate") ?? true,
    shift: booleanField(body, "shift") ?? true,
    stop: options.stop,
    sampling: {
      seed: options.seed,
      temperature: options.temperature,
      topK: options.top_k,
      topP: options.top_p,
      minP: options.min_p,
      // -1 means the whole context, and more than that cannot be looked back on.
      repeatLastN: options.repeat_last_n < 0 ? contextLimit : Math.min(options.repeat_last_n, contextLimit),
      repeatPenalty: options.repeat_penalty,
      presencePenalty: options.presence_penalty,
      frequencyPenalty: options.frequency_penalty,
    },
  };
}

function outcome({ startedNs, loadedNs }: ReadyRequest, result: GenerationResult): JsonObject {
  return {
    done_reason: result.doneReason,
    ...withoutZeros({
      total_duration: Number(process.hrtime.bigint() - startedNs),
      load_duration: Number(loadedNs - startedNs),
      prompt_eval_count: result.promptTokens,
      prompt_eval_duration: result.promptNs,
      eval_count: result.generatedTokens,
      eval_duration: result.generationNs,
    }),
    prompt_eval_cached_count: result.cachedTokens,
  };
}

/** Ollama leaves out metrics that are zero. */
function withoutZeros(metrics: Readonly<Record<string, number>>): JsonObject {
  return Object.fromEntries(Object.entries(metrics).filter(([, value]) => value !== 0));
}
