// The derived model that a preset becomes on a server: its name and the parameters that it carries. Pure.
import type { Configuration } from "@ozone/proto/configuration";
import { isQuantisedCache } from "./configuration.ts";

/** Longest tag that Ollama takes. */
const TAG_LENGTH_MAX = 80;

const PART = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,79}$/;
const NAMESPACE = /^[A-Za-z0-9_][A-Za-z0-9_-]{0,79}$/;
const HOST = /^[A-Za-z0-9_][A-Za-z0-9_.:-]{0,349}$/;

/** Whether a text is a model name: [[host/]namespace/]model[:tag]. */
export function isModelName(text: string): boolean {
  const pieces = text.split("/");
  const [model = "", tag = "latest", ...more] = (pieces.pop() ?? "").split(":");
  const [namespace = "library", host = "registry"] = pieces.reverse();
  if (pieces.length > 2 || more.length > 0) return false;
  return PART.test(model) && PART.test(tag) && NAMESPACE.test(namespace) && HOST.test(host);
}

/** The same model with more in its tag: "qwen3:8b" and "ozone-balanced" make "qwen3:8b-ozone-balanced". */
export function withTagSuffix(modelName: string, suffix: string): string {
  const at = modelName.lastIndexOf("/") + 1;
  const [model = "", tag = "latest"] = modelName.slice(at).split(":");
  const legal = suffix.replace(/[^A-Za-z0-9_.-]/g, "_");
  return `${modelName.slice(0, at)}${model}:${tag.slice(0, TAG_LENGTH_MAX - 1 - legal.length)}-${legal}`;
}

/** What a preset's model is called unless somebody says otherwise. */
export const derivedModelName = (modelName: string, purpose: string): string =>
  withTagSuffix(modelName, `ozone-${purpose}`);

/**
 * Ollama's names of the parameters that the derived model carries. Never num_predict, which is part of how a preset was
 * measured and would cut its user's answers.
 */
export function derivedParameters(point: Configuration): Record<string, number> {
  return {
    num_ctx: point.numCtx,
    num_batch: point.numBatch,
    ...(point.numThread === undefined ? {} : { num_thread: point.numThread }),
    ...(point.numGpu === undefined ? {} : { num_gpu: point.numGpu }),
  };
}

/**
 * Variables of the server's environment that a preset needs beside its model; empty when the model is enough. A quantised
 * cache needs flash attention, said or not.
 */
export function serverVariables(point: Configuration): Record<string, string> {
  const flash = point.flashAttention || (isQuantisedCache(point.kvCacheType) ? "on" : "");
  return {
    ...(point.kvCacheType === "" ? {} : { OLLAMA_KV_CACHE_TYPE: point.kvCacheType }),
    ...(flash === "" ? {} : { OLLAMA_FLASH_ATTENTION: flash === "on" ? "1" : "0" }),
    ...(point.concurrency > 1 ? { OLLAMA_NUM_PARALLEL: String(point.concurrency) } : {}),
  };
}
