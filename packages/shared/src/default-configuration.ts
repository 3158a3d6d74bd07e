// What the server would do if nobody tuned it, with every option said explicitly: what each preset is compared with.
import type { Configuration } from "@ozone/proto/configuration";
import { configuration } from "./configuration.ts";

/** Ollama's own defaults where they don't depend on the machine (ollama-facts: options). */
export const DEFAULT_NUM_CTX = 4096;
export const DEFAULT_NUM_BATCH = 512;
/** Tokens per sample where nothing else is asked: enough for a decode rate within a few per cent. */
export const DEFAULT_NUM_PREDICT = 128;

/** What the default depends on. */
export interface DefaultFacts {
  /** 0: unknown. */
  readonly trainedContext: number;
  /** Threads that the engine would choose; null: unknown, then left to the server. */
  readonly defaultThreads: number | null;
  readonly numPredict?: number | undefined;
}

/** The default configuration. */
export function defaultConfiguration({
  trainedContext,
  defaultThreads,
  numPredict,
}: DefaultFacts): Configuration {
  const numCtx = trainedContext > 0 ? Math.min(DEFAULT_NUM_CTX, trainedContext) : DEFAULT_NUM_CTX;
  return configuration({
    numCtx,
    numBatch: Math.min(DEFAULT_NUM_BATCH, numCtx),
    ...(defaultThreads === null ? {} : { numThread: defaultThreads }),
    numPredict: numPredict ?? DEFAULT_NUM_PREDICT,
  });
}
