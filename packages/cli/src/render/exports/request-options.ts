// The options of a preset that every request may carry, under Ollama's names.
import type { Preset } from "@ozone/proto/preset";

/** Without num_predict, which is how the preset was measured, and without what only a server can be set to. */
export function requestOptions({ configuration }: Preset): Record<string, number> {
  if (!configuration) return {};
  const { numCtx, numBatch, numThread, numGpu } = configuration;
  return {
    num_ctx: numCtx,
    num_batch: numBatch,
    ...(numThread === undefined ? {} : { num_thread: numThread }),
    ...(numGpu === undefined ? {} : { num_gpu: numGpu }),
  };
}
