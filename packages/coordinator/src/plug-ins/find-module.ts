// Which modules may be loaded as strategies, and where they are. A client only ever names a module; whether it runs is
// decided by whoever runs the coordinator (docs/decisions/0005-plug-in-strategies.md).
import { readFile, realpath, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, dirname, isAbsolute, join, relative, sep } from "node:path";
import { pathToFileURL } from "node:url";
import { OzoneError } from "@ozone/shared/errors";
import { isPackageName, isPath } from "@ozone/shared/strategy-names";

/** What the coordinator may load. */
export interface ModuleRules {
  /** Folders whose modules every client may use, and single modules; absolute. */
  readonly places: readonly string[];
  /** A file of absolute paths, one a line: whoever may write it may also name modules. Null: none. */
  readonly namedIn: string | null;
}

const MODULES = `${sep}node_modules${sep}`;
const WRITABLE_BY_OTHERS = 0o022;

const refuse = (sentence: string): never => {
  throw new OzoneError("invalid_input", sentence);
};

const realPathOf = (path: string): Promise<string | null> => realpath(path).catch(() => null);

function isInside(path: string, place: string): boolean {
  const way = relative(place, path);
  return way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

/** Lines of the file, unless somebody else could have written them. */
async function namedModules(file: string | null): Promise<string[]> {
  if (file === null) return [];
  try {
    const { uid, mode } = await stat(file);
    const foreign = process.getuid !== undefined && uid !== process.getuid();
    if (foreign || (mode & WRITABLE_BY_OTHERS) !== 0) return [];
    return (await readFile(file, "utf8")).split("\n").filter(isAbsolute);
  } catch {
    return []; // nothing was named yet
  }
}

async function isAllowed(path: string, { places, namedIn }: ModuleRules): Promise<boolean> {
  const real = await realPathOf(path);
  if (real === null) return false;
  const named = await namedModules(namedIn);
  const [allowedPlaces, allowedModules] = await Promise.all(
    [places, named].map((paths) => Promise.all(paths.map(realPathOf))),
  );
  return (
    allowedPlaces?.some((place) => place !== null && isInside(real, place)) === true ||
    allowedModules?.includes(real) === true
  );
}

/** A package in one of the allowed folders, or null. */
async function packageIn({ places }: ModuleRules, name: string): Promise<string | null> {
  for (const place of places) {
    const path = join(place, "node_modules", name);
    if (await realPathOf(path)) return path;
  }
  return null;
}

/**
 * The canonical path of a module that may be loaded: a file, or the folder of an installed package. Null: nothing of
 * that name is there.
 * @throws OzoneError invalid_input with one sentence when it may not be loaded or is not there.
 */
export async function findModule(name: string, rules: ModuleRules): Promise<string | null> {
  if (!isAbsolute(name)) return isPackageName(name) ? packageChecked(name, rules) : pathProblem(name);
  const isThere = await realPathOf(name);
  if (isThere === null) return refuse(`There is no strategy module ${name} on the coordinator's machine.`);
  if (await isAllowed(name, rules)) return name.includes(MODULES) ? name : isThere;
  return refuse(
    `This coordinator may not load ${name}: set OZONE_STRATEGIES there to the folder of the module, or start the sweep there as its own user, without an address.`,
  );
}

const pathProblem = (name: string): null =>
  isPath(name)
    ? refuse(`The strategy module ${name} has no absolute path; a coordinator has no other.`)
    : null;

async function packageChecked(name: string, rules: ModuleRules): Promise<string | null> {
  const path = await packageIn(rules, name);
  if (path === null || (await isAllowed(path, rules))) return path;
  return refuse(`The package ${name} leads out of the folders of OZONE_STRATEGIES; install it inside them.`);
}

/** The folder of an installed package as seen from `folder`, or null. */
export async function installedPackage(name: string, folder: string): Promise<string | null> {
  const paths = isPackageName(name) ? createRequire(join(folder, "here")).resolve.paths(name) : null;
  for (const path of paths ?? []) {
    if (await realPathOf(join(path, name))) return join(path, name);
  }
  return null;
}

/** How a canonical path is imported: a package by its name from the folder that it is installed in, a file by its URL. */
export function importOf(module: string): { from: string; specifier: string } {
  const at = module.lastIndexOf(MODULES);
  const name =
    at < 0
      ? ""
      : module
          .slice(at + MODULES.length)
          .split(sep)
          .join("/");
  if (isPackageName(name)) return { from: join(module.slice(0, at), "strategy"), specifier: name };
  return {
    from: join(dirname(module), `${basename(module)}-importer`),
    specifier: pathToFileURL(module).href,
  };
}
