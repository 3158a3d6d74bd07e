// Who wins when the measurements don't say: a fixed order, so that equal results always give the same preset.

/** What the order looks at; all of it known before anything is compared. */
export interface TieBreakFacts {
  /** Lower bound of the success rate, 0..1. */
  readonly stabilityBound: number;
  /** Peak memory in bytes; null when the machine could not tell. */
  readonly peakMemoryBytes: number | null;
  /** Context length in tokens. */
  readonly numCtx: number;
  /** How many options differ from the default configuration. */
  readonly nonDefaultOptions: number;
  /** Identity of the configuration: last resort, compared by code unit. */
  readonly key: string;
}

/**
 * Order for Array.sort: the preferred one first (negative when a is preferred, 0 only for equal keys and facts).
 * Higher stability bound, then lower peak memory (unknown last), larger num_ctx, fewer non-default options, smaller key.
 * Source: reference/statistics.md 1.5.
 */
export function compareForTie(a: TieBreakFacts, b: TieBreakFacts): number {
  return (
    ascending(b.stabilityBound, a.stabilityBound) ||
    ascending(a.peakMemoryBytes ?? Number.POSITIVE_INFINITY, b.peakMemoryBytes ?? Number.POSITIVE_INFINITY) ||
    ascending(b.numCtx, a.numCtx) ||
    ascending(a.nonDefaultOptions, b.nonDefaultOptions) ||
    ascending(a.key, b.key)
  );
}

/** Not a subtraction (infinities) and not localeCompare (depends on the machine's language). */
function ascending<T extends number | string>(a: T, b: T): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
