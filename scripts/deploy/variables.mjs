// Every variable of Ozone that deploy/ names is one that coordinator or agent read.
import { filesIn, sourcesOf, textOf } from "./files.mjs";

const NAMED = /\b(?:OZONE|OLLAMA)_[A-Z][A-Z_]*\b/g;
/** A key of the coordinator's schema, or a variable of the environment that somebody looks at. */
const READ = /\benv\??\.((?:OZONE|OLLAMA)_[A-Z_]+)|^ {2}(OZONE_[A-Z_]+): z\b/gm;

const sources = ["packages/agent/src", "packages/coordinator/src", "packages/shared/src"].flatMap(sourcesOf);
const read = new Set(
  sources.flatMap((file) => [...textOf(file).matchAll(READ)].map(([, looked, key]) => looked ?? key)),
);

/** @returns {string[]} one sentence per problem */
export function variableProblems() {
  return filesIn("deploy").flatMap((file) => {
    const names = new Set(textOf(file).match(NAMED) ?? []);
    return [...names]
      .filter((name) => !read.has(name))
      .map((name) => `${file}: neither coordinator nor agent read ${name}`);
  });
}
