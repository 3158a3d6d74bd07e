// The configurations of a target, each with its need of memory and what measuring it takes. Pure.
import { type Configuration, type Protocol, Purpose } from "@ozone/proto/configuration";
import { MemoryFit } from "@ozone/proto/sweep_service";
import { confirmationProtocol } from "../../search/grid.ts";
import { shareFills } from "../../search/share-fills.ts";
import type { SearchState } from "../../search/strategy.ts";
import { type Ends, fillMs, type Pace, trialMs, wholeTrialMs } from "./estimate-cost.ts";
import { type MemoryOutlook, memoryOutlook } from "./memory-outlook.ts";

/** What measuring a configuration takes. */
export interface CandidateCost {
  readonly screenMs: Ends<number>;
  readonly confirmMs: Ends<number>;
  /** One fill of the asked share of the context. */
  readonly fillMs: Ends<number>;
  /** An attempt would most likely run into its limit. */
  readonly overLimit: boolean;
}

/** One configuration before it is measured. */
export interface Candidate {
  readonly configuration: Configuration;
  readonly memory: MemoryOutlook;
  /** Measured behind the fills of another configuration: no trial screens it by itself. */
  readonly sharesFills: boolean;
  /** Null: nobody knows how fast the target is. */
  readonly cost: CandidateCost | null;
}

/** What surely can't fit is refused before it is loaded. */
const refusedMs = ({ likely, high }: Pace): Ends<number> => ({
  low: 0,
  likely: likely.launchMs,
  high: high.launchMs,
});

function costOf(pace: Pace, configuration: Configuration, protocol: Protocol): CandidateCost {
  const screen = { configuration, protocol, purpose: Purpose.SCREEN };
  const alone = confirmationProtocol({ ...protocol, shorterPredicts: [] });
  const confirm = { configuration, protocol: alone, purpose: Purpose.CONFIRM };
  const fills = {
    low: fillMs(pace.low, configuration, protocol.fill),
    likely: fillMs(pace.likely, configuration, protocol.fill),
    high: fillMs(pace.high, configuration, protocol.fill),
  };
  return {
    screenMs: trialMs(pace, screen),
    confirmMs: trialMs(pace, confirm),
    fillMs: fills,
    overLimit: protocol.limitMs > 0 && wholeTrialMs(pace, screen).likely > protocol.limitMs,
  };
}

/** Every configuration with what is known of it. */
export const candidatesOf = (
  { model, machine, protocol }: SearchState,
  configurations: readonly Configuration[],
  paceOf: ((configuration: Configuration) => Pace) | null,
): Candidate[] => {
  const shared = shareFills(configurations, protocol);
  const shorterOf = new Map(shared.map((one) => [one.configuration, one.shorterPredicts]));
  return configurations.map((configuration) => {
    const memory = memoryOutlook(model, machine, configuration);
    const shorterPredicts = shorterOf.get(configuration);
    const known = { configuration, memory, sharesFills: shorterPredicts === undefined };
    if (paceOf === null) return { ...known, cost: null };
    const pace = paceOf(configuration);
    const cost = costOf(pace, configuration, { ...protocol, shorterPredicts: [...(shorterPredicts ?? [])] });
    const tooLarge = memory.fit === MemoryFit.TOO_LARGE;
    return { ...known, cost: tooLarge ? { ...cost, screenMs: refusedMs(pace) } : cost };
  });
};
