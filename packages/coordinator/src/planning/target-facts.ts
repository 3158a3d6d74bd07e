// What an announcement says of a machine and of one of its models, as far as a search may look at it. Pure.
import type { Announcement, Model } from "@ozone/proto/machine";
import { type MachineFacts, parseMachineFacts } from "@ozone/shared/machine-facts";
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
    memoryBytes: facts?.memory.limitBytes ?? facts?.memory.totalBytes ?? null,
  };
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
