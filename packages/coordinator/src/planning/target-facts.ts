// What an announcement says of a machine and of one of its models, as far as a search may look at it. Pure.
import type { Announcement, Model } from "@ozone/proto/machine";
import { type MachineFacts, parseMachineFacts } from "@ozone/shared/machine-facts";
import { memoryOf } from "@ozone/shared/model-room";
import type { SearchMachine, SearchModel } from "../search/strategy.ts";

/** Facts of an agent of another version may not fit our schema: the search then goes on without them. */
export function factsOf({ factsJson }: Announcement): MachineFacts | null {
  try {
    return parseMachineFacts(JSON.parse(factsJson));
  } catch {
    return null;
  }
}

/** The machine under search. */
export function machineOf(announcement: Announcement): SearchMachine {
  const facts = factsOf(announcement);
  return {
    defaultThreads: announcement.defaultThreads > 0 ? announcement.defaultThreads : null,
    physicalCores: facts?.cpu.physicalCores ?? null,
    logicalCores: facts?.cpu.logicalCores ?? null,
    memoryBytes: memoryBytesOf(facts),
  };
}

/**
 * Everything that weights and cache may lie in: main memory and the GPUs' own. Null where it is not known how much a GPU
 * has: then nothing is surely too large. Where GPUs can't be listed at all, there are taken to be none.
 */
function memoryBytesOf(facts: MachineFacts | null): number | null {
  const { mainBytes, vramBytes } = memoryOf(facts);
  if (mainBytes === null || facts?.gpus == null) return mainBytes;
  return vramBytes === null ? null : mainBytes + vramBytes;
}

/** The model of this digest on a machine, if it is (still) there. */
export const announcedModel = ({ models }: Announcement, digest: string): Model | undefined =>
  models.find((candidate) => candidate.digest === digest);

/** The model under search. */
export function modelOf(announcement: Announcement, digest: string): SearchModel {
  const model = announcedModel(announcement, digest);
  return {
    trainedContext: model?.trainedContext ?? 0,
    weightBytes: Number(model?.sizeBytes ?? 0n),
    kvBytesPerToken: Number(model?.kvBytesPerToken ?? 0n),
  };
}
