// The tiers of very large contexts: one preset each, for whoever takes the risk on purpose.
import { OBJECTIVES } from "./objective.ts";

/** Contexts of one tier: from `contextFrom` on, below `contextBelow`. */
export interface ExtremeTierRange {
  readonly purpose: string;
  readonly contextFrom: number;
  readonly contextBelow: number;
  /** For people: what it looks for. */
  readonly words: string;
  /** When to use the preset. */
  readonly useCase: string;
}

const K = 1024;

const tier = (sizeK: number, belowK: number): ExtremeTierRange => ({
  purpose: `extreme_${sizeK}k`,
  contextFrom: sizeK * K,
  contextBelow: belowK * K,
  words: `the fastest decode rate from num_ctx ${sizeK * K} on${Number.isFinite(belowK) ? ` and below ${belowK * K}` : ""}; proven stable before confirmed before screened, 95 % success before less`,
  useCase: `${sizeK}K of context on purpose: read the warnings and the recovery plan first`,
});

/** Smallest first. */
export const EXTREME_TIERS: readonly ExtremeTierRange[] = [
  tier(64, 128),
  tier(128, 256),
  tier(256, Number.POSITIVE_INFINITY),
];

/** When to use a preset of this purpose; empty for one that this version does not know. */
export const useCaseOf = (purpose: string): string =>
  [...OBJECTIVES, ...EXTREME_TIERS].find((known) => known.purpose === purpose)?.useCase ?? "";
