// Whether configurations fit: weights and cache by the memory model against the machine's memory. Pure.
import type { Configuration } from "@ozone/proto/configuration";
import { MemoryFit } from "@ozone/proto/sweep_service";
import { SURELY_ABOVE } from "@ozone/shared/memory-model";
import { STRESS_FROM } from "@ozone/shared/memory-stress";
import { needBytes } from "../../search/guided/feasible.ts";
import type { SearchMachine, SearchModel } from "../../search/strategy.ts";

/** What a configuration needs, and whether it is there. */
export interface MemoryOutlook {
  /** Null: not known. */
  readonly needBytes: number | null;
  readonly fit: MemoryFit;
}

/** The outlook of one configuration; too large is what the search skips as well. */
export function memoryOutlook(
  model: SearchModel,
  { memoryBytes }: SearchMachine,
  configuration: Configuration,
): MemoryOutlook {
  if (model.kvBytesPerToken === 0 || model.weightBytes === 0) {
    return { needBytes: null, fit: MemoryFit.UNKNOWN };
  }
  const need = needBytes(model, configuration);
  if (memoryBytes === null || memoryBytes === 0) return { needBytes: need, fit: MemoryFit.UNKNOWN };
  if (need > SURELY_ABOVE * memoryBytes) return { needBytes: need, fit: MemoryFit.TOO_LARGE };
  const tight = need >= STRESS_FROM.high * memoryBytes;
  return { needBytes: need, fit: tight ? MemoryFit.TIGHT : MemoryFit.FITS };
}
