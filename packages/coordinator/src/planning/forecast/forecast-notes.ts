// What a person should know before a sweep is started on a target, in words. Pure.
import { MemoryFit } from "@ozone/proto/sweep_service";
import type { MachineFacts } from "@ozone/shared/machine-facts";
import { formatDuration } from "@ozone/shared/units";
import { baseConfiguration, expandMatrix, impossibleNotes } from "../../search/option-space.ts";
import { sharingNotes } from "../../search/share-fills.ts";
import { strategyNamed } from "../../search/strategies.ts";
import type { SearchState } from "../../search/strategy.ts";
import type { Candidate } from "./candidates.ts";
import type { Ends } from "./estimate-cost.ts";
import type { Experience } from "./pace-from-results.ts";

/** What the notes are made from. */
export interface NoteFacts {
  readonly strategy: string;
  readonly search: SearchState;
  readonly candidates: readonly Candidate[];
  readonly facts: MachineFacts | null;
  readonly experience: Experience | null;
  readonly sweepsBefore: number;
  /** How many machines share the search; 1: it is this machine's own. */
  readonly sharedBy: number;
  /** Of the whole search, whatever the budget; null: unknown. */
  readonly wholeMs: Ends<number> | null;
}

const contextsOf = (candidates: readonly Candidate[]): string =>
  [...new Set(candidates.map(({ configuration }) => configuration.numCtx))].sort((a, b) => a - b).join(", ");

function memoryNotes({ strategy, candidates, facts }: NoteFacts): string[] {
  const large = candidates.filter(({ memory }) => memory.fit === MemoryFit.TOO_LARGE);
  const fate =
    strategy === "grid" || strategy === "random" ? "are refused before they are loaded" : "are skipped";
  const own = (facts?.gpus ?? []).filter(({ unified }) => unified !== true);
  const unknown = own.some(({ vramBytes }) => vramBytes === null);
  return [
    ...(large.length > 0
      ? [`${large.length} configurations (num_ctx ${contextsOf(large)}) surely can't fit and ${fate}.`]
      : []),
    ...(unknown ? ["How much memory a GPU has is not known, so that nothing is ruled out by its size."] : []),
    ...(own.length > 0 && !unknown
      ? ["Memory is judged by main memory and the GPUs' own together; a split between them may need more."]
      : []),
  ];
}

function timeNotes({ strategy, search, candidates, wholeMs }: NoteFacts): string[] {
  const { budgetMs, protocol } = search;
  const slow = candidates.filter(({ cost }) => cost?.overLimit === true);
  const stopped = strategy === "guided" && budgetMs > 0 && wholeMs !== null && wholeMs.likely > budgetMs;
  return [
    ...(slow.length > 0
      ? [
          `${slow.length} configurations (num_ctx ${contextsOf(slow)}) would most likely run into the limit of an attempt, ${formatDuration(protocol.limitMs)}, and fail.`,
        ]
      : []),
    ...(stopped
      ? [
          `The budget of ${formatDuration(budgetMs)} ends it; without one it would take about ${formatDuration(wholeMs.likely)}.`,
        ]
      : []),
    ...(strategyNamed(strategy)
      ? []
      : [
          "A plug-in strategy decides for itself what it measures; at most every configuration once is counted here.",
        ]),
    ...((strategy === "grid" || strategy === "random") && budgetMs > 0
      ? [`The ${strategy} strategy has no budget: it measures what it has planned.`]
      : []),
  ];
}

/** Batch sizes that no earlier result has. */
function derivedNotes({ candidates, experience }: NoteFacts): string[] {
  if (!experience) return [];
  const asked = [...new Set(candidates.map(({ configuration }) => configuration.numBatch))];
  const derived = asked.filter((numBatch) => !experience.batches.has(numBatch)).sort((a, b) => a - b);
  return derived.length === 0
    ? []
    : [
        `num_batch ${derived.join(", ")} was not measured here yet; its speed is derived from other batch sizes.`,
      ];
}

/** The same words as the sweep's own notes will have. */
const fillNotes = ({ search }: NoteFacts): string[] =>
  search.protocol.shareFill
    ? sharingNotes(expandMatrix(search.matrix, baseConfiguration(search)), search.protocol)
    : [];

/** All notes but those about misfits. */
export const forecastNotes = (noteFacts: NoteFacts): string[] => {
  const { search, facts, sweepsBefore, sharedBy } = noteFacts;
  return [
    ...impossibleNotes(search.matrix),
    ...fillNotes(noteFacts),
    ...memoryNotes(noteFacts),
    ...timeNotes(noteFacts),
    ...derivedNotes(noteFacts),
    ...(search.protocol.managed ? ["Each trial starts a server of the agent's own and ends it."] : []),
    ...(sharedBy > 1
      ? [
          `${sharedBy} machines share this search; trials and time are those of one machine alone, of which each takes a part, its anchor trials and its drift references on top.`,
        ]
      : []),
    ...(sweepsBefore > 0
      ? [
          `The machine serves ${sweepsBefore === 1 ? "a sweep that runs" : `${sweepsBefore} sweeps that run`} already first; their time is not counted here.`,
        ]
      : []),
    ...(facts?.powerSource === "battery" && !search.protocol.allowBattery
      ? [
          "The machine runs on battery: its trials will fail unless it is connected, or --allow-battery is given.",
        ]
      : []),
  ];
};
