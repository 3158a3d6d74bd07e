// The options of every request of an attempt. All load-time options are the same in each of them: another value would
// make the server load the model again.
import type { Configuration } from "@ozone/proto/configuration";

/**
 * Sampling as users have it, less what ends an answer early or repeats it: greedy decoding of word lists runs into
 * Ollama's abort on 30 equal chunks; min_p keeps the end-of-text token out of the draw.
 */
const SAMPLING = {
  temperature: 0.8,
  top_k: 40,
  top_p: 1,
  min_p: 0.1,
  repeat_penalty: 1,
  num_keep: 0,
} as const;

/** draft_num_predict exists from 0.30 on; older servers would log a warning for each request. */
export const draftOptions = (engineVersion: string): Record<string, number> => {
  const [major = 0, minor = 0] = engineVersion.split(".").map((part) => Number.parseInt(part, 10));
  return major === 0 && minor < 30 ? {} : { draft_num_predict: 0 };
};

/** Load-time options of a configuration, in Ollama's names; what is absent is left to the server. */
export function loadOptions(point: Configuration, engineVersion: string): Record<string, number> {
  return {
    num_ctx: point.numCtx,
    num_batch: point.numBatch,
    ...(point.numThread === undefined ? {} : { num_thread: point.numThread }),
    ...(point.numGpu === undefined ? {} : { num_gpu: point.numGpu }),
    ...draftOptions(engineVersion),
  };
}

/** All options of one request. */
export function requestOptions(
  loadTime: Readonly<Record<string, number>>,
  request: { readonly numPredict: number; readonly seed: number },
): Record<string, number> {
  return { ...loadTime, ...SAMPLING, num_predict: request.numPredict, seed: request.seed };
}
