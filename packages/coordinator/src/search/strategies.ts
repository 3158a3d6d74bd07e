// The strategies by name.
import { grid } from "./grid.ts";
import { guided } from "./guided/index.ts";
import { halving } from "./halving/index.ts";
import { quick } from "./quick/index.ts";
import { random } from "./random.ts";
import type { Strategy } from "./strategy.ts";

/** Every built-in strategy. */
export const STRATEGIES: readonly Strategy[] = [grid, guided, halving, quick, random];

/** The strategy of this name, or null. */
export const strategyNamed = (name: string): Strategy | null =>
  STRATEGIES.find((strategy) => strategy.name === name) ?? null;
