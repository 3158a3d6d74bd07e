// The options of a configuration by the names that formulas have for them.
import type { Configuration } from "@ozone/proto/configuration";
import type { NamedValues } from "./evaluate.ts";

/** The options that are numbers; one that is left to the server is not known. */
export const optionValues = ({
  numBatch,
  numThread,
  numGpu,
  numPredict,
  concurrency,
}: Configuration): NamedValues => ({
  num_batch: numBatch,
  num_thread: numThread,
  num_gpu: numGpu,
  num_predict: numPredict,
  concurrency,
});
