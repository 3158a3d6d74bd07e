// Whether a model's weights and the cache of a context fit the memory of a machine, by the plain memory model. Pure.
import type { MachineFacts } from "./machine-facts.ts";
import { kvBytesPerElement, SURELY_ABOVE } from "./memory-model.ts";
import { STRESS_FROM } from "./memory-stress.ts";

/** Memory that may hold a model; null: not known. */
export interface MachineMemory {
  readonly mainBytes: number | null;
  /** The GPUs' own, all together; 0 without any. */
  readonly vramBytes: number | null;
}

/** The same words as in a forecast. */
export type RoomWord = "fits" | "tight" | "too large" | "unknown";

/** The outlook of one model at one context. */
export interface ModelRoom {
  readonly word: RoomWord;
  readonly numCtx: number;
  readonly needBytes: number | null;
  readonly ofBytes: number | null;
}

/** What the memory model has to know of a model; 0 where the server does not say. */
export interface ModelSize {
  readonly weightBytes: number;
  /** At f16. */
  readonly kvBytesPerToken: number;
}

/** Memory of a machine by its facts. A GPU that shares the main memory adds nothing to it. */
export function memoryOf(facts: MachineFacts | null): MachineMemory {
  if (facts === null) return { mainBytes: null, vramBytes: null };
  const { memory, gpus } = facts;
  const own = gpus?.filter(({ unified }) => unified !== true).map(({ vramBytes }) => vramBytes) ?? [null];
  const known = own.filter((bytes) => bytes !== null);
  return {
    mainBytes: memory.limitBytes ?? memory.totalBytes,
    vramBytes: known.length < own.length ? null : known.reduce((sum, bytes) => sum + bytes, 0),
  };
}

/** Bytes of cache for `tokens`; a type that nobody knows, and the server's own, count as f16. */
export function cacheBytes({ kvBytesPerToken }: ModelSize, tokens: number, kvCacheType = ""): number {
  let elementBytes = 2;
  try {
    elementBytes = kvBytesPerElement(kvCacheType || "f16");
  } catch {
    // A type that only this server knows: believed to be f16.
  }
  return (kvBytesPerToken * elementBytes * tokens) / 2;
}

/** Whether the model fits with this context, the cache at f16. */
export function modelRoom(
  size: ModelSize,
  { mainBytes, vramBytes }: MachineMemory,
  numCtx: number,
): ModelRoom {
  const known = size.weightBytes > 0 && size.kvBytesPerToken > 0;
  const needBytes = known ? size.weightBytes + cacheBytes(size, numCtx) : null;
  const ofBytes = mainBytes === null ? null : mainBytes + (vramBytes ?? 0);
  return { word: roomWord(needBytes, ofBytes, vramBytes !== null), numCtx, needBytes, ofBytes };
}

/** With GPUs of unknown memory there is at least the main memory: too little of it proves nothing. */
function roomWord(needBytes: number | null, ofBytes: number | null, isAll: boolean): RoomWord {
  if (needBytes === null || ofBytes === null) return "unknown";
  if (needBytes < STRESS_FROM.high * ofBytes) return "fits";
  if (!isAll) return "unknown";
  return needBytes > SURELY_ABOVE * ofBytes ? "too large" : "tight";
}
