// A strategy from outside: what a person wrote (./my-search.mjs, or the name of an installed package) as the absolute
// path that the coordinator loads.
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { isAbsolute, join, resolve } from "node:path";
import { isPackageName, STRATEGY_NAMES } from "@ozone/shared/strategy-names";

/** Where a strategy was named. */
export interface NamedIn {
  /** Paths are meant from here, and packages are looked for from here upwards. */
  readonly folder: string;
  /** The coordinator may be on another machine, which may have what is not here. */
  readonly elsewhere: boolean;
}

/** The folder of an installed package as seen from `folder`, or null. */
function installedPackage(name: string, folder: string): string | null {
  const paths = createRequire(join(folder, "sweep.yaml")).resolve.paths(name) ?? [];
  return paths.map((path) => join(path, name)).find((path) => existsSync(path)) ?? null;
}

/** A name of our own as it is, a module as its absolute path. Null: there is nothing of that name. */
export function resolveStrategy(given: string, { folder, elsewhere }: NamedIn): string | null {
  if (STRATEGY_NAMES.includes(given)) return given;
  if (!isPackageName(given)) {
    const path = resolve(folder, given);
    return elsewhere || existsSync(path) ? path : null;
  }
  return installedPackage(given, resolve(folder)) ?? (elsewhere ? given : null);
}

/** Whether a strategy is a module on this machine. */
export const isModulePath = (strategy: string): boolean => isAbsolute(strategy);
