// The strategies by name.
import { grid } from "./grid.ts";
import { quick } from "./quick/index.ts";
import type { Strategy } from "./strategy.ts";

/** Every built-in strategy. */
export const STRATEGIES: readonly Strategy[] = [grid, quick];

/** The strategy of this name, or null. */
export const strategyNamed = (name: string): Strategy | null =>
  STRATEGIES.find((strategy) => strategy.name === name) ?? null;
