// What is asked of the reference engine: contexts, batches, lengths and threads that it takes some tenths of a second for.
import { configuration } from "@ozone/shared/configuration";
import { seededRandom } from "@ozone/shared/statistics/seeded-random";

/** The smallest model that the engine makes. */
export const ENGINE_MODEL = "ozone-synthetic:4m";

/** Case number `index` of a seed. */
export function engineCase(index: number, seed: number) {
  const { pick } = seededRandom(`engine ${seed} ${index}`);
  const point = configuration({
    numCtx: pick([512, 1024, 1024, 2048, 4096]),
    numBatch: pick([64, 128, 256, 512]),
    numPredict: pick([24, 32, 64, 96]),
    // Threads that wait for each other crawl where all cores are busy; one case in ten tries it.
    numThread: index % 10 === 4 ? 2 : 1,
  });
  const { numCtx, numBatch, numPredict, numThread } = point;
  return {
    words: `engine case ${index}: num_ctx ${numCtx}, num_batch ${numBatch}, num_predict ${numPredict}, num_thread ${numThread}`,
    point,
  };
}
