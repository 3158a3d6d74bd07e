// The configurations of a target, each with its need of memory and what measuring it takes. Pure.
import { type Configuration, type Protocol, Purpose } from "@ozone/proto/configuration";
import { MemoryFit } from "@ozone/proto/sweep_service";
import { confirmationProtocol } from "../../search/grid.ts";
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
  const confirm = { configuration, protocol: confirmationProtocol(protocol), purpose: Purpose.CONFIRM };
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
): Candidate[] =>
  configurations.map((configuration) => {
    const memory = memoryOutlook(model, machine, configuration);
    if (paceOf === null) return { configuration, memory, cost: null };
    const pace = paceOf(configuration);
    const cost = costOf(pace, configuration, protocol);
    const tooLarge = memory.fit === MemoryFit.TOO_LARGE;
    return { configuration, memory, cost: tooLarge ? { ...cost, screenMs: refusedMs(pace) } : cost };
  });
