// How many trials a sweep makes of a target and how long they take, from the cost of each. Pure.
import { type Ends, ends, sumOf } from "./estimate-cost.ts";
import { referencesBehind, type Span, type SweepShape } from "./sweep-shape.ts";

/** Each point's cost in milliseconds, as a screening and as a confirmation; and that of a drift reference. */
export interface TrialCosts {
  readonly screens: readonly Ends<number>[];
  readonly confirmations: readonly Ends<number>[];
  readonly reference: Ends<number>;
}

/** Trials of every kind, and their time; null: unknown. */
export interface SweepCost {
  readonly trials: Span;
  readonly durationMs: Ends<number> | null;
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const mean = (values: readonly number[]): number => (values.length === 0 ? 0 : sum(values) / values.length);

/** So many of the points, and nobody knows which: the cheapest at the low end, the dearest at the high end. */
function someOf(costs: readonly Ends<number>[], { min, max }: Span): Ends<number> {
  const ascending = (end: keyof Ends<number>): number[] =>
    costs.map((cost) => cost[end]).sort((a, b) => a - b);
  const cheapest = ascending("low").slice(0, min);
  const dearest = ascending("high").reverse().slice(0, max);
  const repeatedMs = Math.max(0, max - costs.length) * (dearest[0] ?? 0);
  return {
    low: sum(cheapest),
    likely: ((min + max) / 2) * mean(ascending("likely")),
    high: sum(dearest) + repeatedMs,
  };
}

/** Confirmations: one of them is likely the largest context, the dearest of all. */
function confirmationsMs(costs: readonly Ends<number>[], span: Span): Ends<number> {
  const likely = costs.map((cost) => cost.likely);
  const others = Math.max(0, Math.round((span.min + span.max) / 2) - 1);
  return {
    ...someOf(costs, span),
    likely: likely.reduce((a, b) => Math.max(a, b), 0) + others * mean(likely),
  };
}

/** References at the start, behind the screenings and behind the confirmations. */
function references({ screens, confirmations }: SweepShape, ms: [Ends<number>, Ends<number>] | null): Span {
  const count = (side: keyof Span, end: keyof Ends<number>): number =>
    1 +
    referencesBehind(screens[side], ms?.[0][end] ?? null) +
    referencesBehind(confirmations[side], ms?.[1][end] ?? null);
  return { min: count("min", "low"), max: count("max", "high") };
}

/** @param costs null: how fast the target is is unknown. */
export function sweepCost(shape: SweepShape, costs: TrialCosts | null): SweepCost {
  const { screens, confirmations } = shape;
  // The whole matrix is a sum, not a choice.
  const isWhole = screens.min === screens.max && screens.min === costs?.screens.length;
  const ms: [Ends<number>, Ends<number>] | null = costs && [
    isWhole ? sumOf(costs.screens) : someOf(costs.screens, screens),
    confirmationsMs(costs.confirmations, confirmations),
  ];
  const between = references(shape, ms);
  const trials = {
    min: screens.min + confirmations.min + between.min,
    max: screens.max + confirmations.max + between.max,
  };
  if (!ms || !costs) return { trials, durationMs: null };
  const counts = { low: between.min, likely: (between.min + between.max) / 2, high: between.max };
  const referencesMs = ends((end) => counts[end] * costs.reference[end]);
  return { trials, durationMs: sumOf([...ms, referencesMs]) };
}
