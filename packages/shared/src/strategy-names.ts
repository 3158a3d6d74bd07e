// How strategies are named: those of our own by a word, modules from outside by a path or as an installed package.

/** Every strategy that comes with Ozone. */
export const STRATEGY_NAMES: readonly string[] = ["grid", "guided", "halving", "quick", "random"];

const PACKAGE_NAME = /^(@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*$/;
const PATH = /^(\.{1,2}[/\\]|[/\\]|[A-Za-z]:[/\\])/;

/** Whether this could be the name of an npm package. */
export const isPackageName = (name: string): boolean => PACKAGE_NAME.test(name);

/** Whether this is written as a path. */
export const isPath = (name: string): boolean => PATH.test(name);

/** A strategy for people: a module without the folder that it is in, which may say whose it is. */
export function strategyTitle(strategy: string): string {
  const [, installed] = /[/\\]node_modules[/\\]((?:@[^/\\]+[/\\])?[^/\\]+)$/.exec(strategy) ?? [];
  return installed ?? strategy.split(/[/\\]/).at(-1) ?? strategy;
}

/** What may be said as a strategy, in words. */
export const STRATEGY_WORDS = `must be one of ${STRATEGY_NAMES.join(", ")}, the path of a module (./my-search.mjs) or an installed package`;
