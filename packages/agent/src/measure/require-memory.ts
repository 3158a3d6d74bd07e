// Before the first load: what surely can't fit is not tried, since newer servers don't look and the machine would swap
// or kill. Whatever is not certain is tried: a refusal of what fits would be a lie too.
import { TrialFailure } from "@ozone/shared/failure";
import { estimateMemory, type FitVerdict, surelyCannotFit } from "@ozone/shared/memory-model";
import type { Attempt } from "./attempt.ts";
import type { MemoryRoom } from "./ports.ts";

/** @throws TrialFailure out_of_memory_load, with what is needed and what there is */
export async function requireMemory(attempt: Attempt): Promise<void> {
  const { ports, loadedBefore } = attempt;
  const room = (await ports.room?.read()) ?? null;
  if (room === null) return;
  const verdict = fitOf(attempt, {
    ...room,
    // What is loaded on the same server makes way for a new model.
    mainBytes: room.mainBytes + loadedBefore.reduce((sum, { sizeBytes }) => sum + (sizeBytes ?? 0), 0),
  });
  if (verdict === null || !verdict.cannotFit) return;
  const { numCtx, concurrency } = attempt.configuration;
  const parallel =
    ports.managedServer !== undefined && concurrency > 1 ? ` for each of ${concurrency} requests` : "";
  throw new TrialFailure(
    "out_of_memory_load",
    `${attempt.order.modelName} with num_ctx ${numCtx}${parallel} ${verdict.reason}; it was not loaded. Use a smaller num_ctx, a smaller model or a quantised KV cache.`,
  );
}

/** Whether it can fit; null: the architecture is not known, so nobody can say, and it is tried. */
function fitOf({ configuration, details, model, ports }: Attempt, room: MemoryRoom): FitVerdict | null {
  if (details === null || model === null || !(model.sizeBytes > 0)) return null;
  if (details.architecture.layers.length === 0) return null;
  const { numCtx, numBatch, numGpu, kvCacheType, flashAttention, concurrency } = configuration;
  const need = estimateMemory(details.architecture, model.sizeBytes, {
    numCtx,
    numBatch,
    // A fallback to f16 takes more, never less: the type that was asked for is the least there can be.
    kvCacheType,
    flashAttention: flashAttention === "" ? null : flashAttention === "on",
    // On a server of somebody else the number of slots is its own affair.
    parallel: ports.managedServer === undefined ? 1 : Math.max(1, concurrency),
  });
  return surelyCannotFit(need, room.mainBytes + (numGpu === 0 ? 0 : room.gpuBytes));
}
