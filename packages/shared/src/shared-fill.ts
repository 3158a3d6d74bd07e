// Which output lengths can share a fill. The time to read a prompt does not depend on how much is asked for behind it;
// how long the prompt may be does, where the answer takes room from it.
import type { Configuration } from "@ozone/proto/configuration";
import { promptTokensFor } from "./configuration.ts";

/** Fewer tokens have no decode rate. */
const PREDICT_MIN = 2;

/**
 * Whether the fill of `point` is the very one that its configuration with the shorter output would make: a prompt of the
 * same length, one request at a time (of several, nobody knows whose prompt is still in the cache).
 */
export const sharesFill = (point: Configuration, shorterPredict: number, fill: number): boolean =>
  point.concurrency <= 1 &&
  shorterPredict >= PREDICT_MIN &&
  shorterPredict < point.numPredict &&
  promptTokensFor({ numCtx: point.numCtx, numPredict: shorterPredict }, fill) ===
    promptTokensFor(point, fill);
