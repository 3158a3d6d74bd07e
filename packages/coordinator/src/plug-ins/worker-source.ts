// What runs in the thread of a plug-in strategy: load the module, ask it, send back plain data. A text, because bundles
// have no files of their own for threads; plain JavaScript for the oldest supported Node.

/** What the thread is given. */
export interface WorkerQuestion {
  /** Packages and paths are looked for from this (imaginary) file. */
  readonly from: string;
  readonly specifier: string;
  readonly apiVersion: number;
  readonly stateJson: string;
  /** An answer that took no longer is asked for twice, to see whether it is the same. */
  readonly cheapMs: number;
}

/** The source of the thread. It posts { answerJson } or { problem }. */
export const WORKER_SOURCE = `
const { parentPort, workerData } = require("node:worker_threads");
const { runInThisContext, constants } = require("node:vm");
const { from, specifier, apiVersion, stateJson, cheapMs } = workerData;
// A package is looked for from the folder that it is installed in, not from where the coordinator runs.
function importPackage() {
  process.removeAllListeners("warning"); // that the way to say so is young is no news for the module's user
  const load = runInThisContext("(specifier) => import(specifier)", {
    filename: from,
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  return load(specifier);
}
const load = () => (specifier.startsWith("file:") ? import(specifier) : importPackage());
const words = (thrown) => (thrown instanceof Error ? thrown.message || thrown.name : String(thrown));
const fail = (problem) => parentPort.postMessage({ problem });

async function ask(strategy) {
  const answer = JSON.stringify(await strategy.next(JSON.parse(stateJson)));
  return answer === undefined ? "null" : answer;
}

async function main() {
  let strategy;
  try {
    strategy = (await load()).default;
  } catch (thrown) {
    return fail("can't be loaded: " + words(thrown));
  }
  if (typeof strategy !== "object" || strategy === null || typeof strategy.next !== "function") {
    return fail("has no default export { apiVersion, name, next(state) }");
  }
  if (strategy.apiVersion !== apiVersion) {
    return fail("says apiVersion " + String(strategy.apiVersion) + "; this coordinator speaks " + apiVersion);
  }
  if (typeof strategy.name !== "string" || strategy.name === "") return fail("has no name in its default export");
  try {
    const begun = performance.now();
    const answerJson = await ask(strategy);
    const cheap = performance.now() - begun <= cheapMs;
    if (cheap && (await ask(strategy)) !== answerJson) {
      return fail("gave two different answers to the same state; next(state) may depend on the state only");
    }
    parentPort.postMessage({ answerJson });
  } catch (thrown) {
    fail("threw in next(state): " + words(thrown));
  }
}
main();
`;
