// Replays a plug-in strategy: the module is asked in its own thread and its answers are checked, as the coordinator does.
import { resolve } from "node:path";
import { askModule } from "@ozone/coordinator/plug-ins/ask-module";
import { findModule, installedPackage } from "@ozone/coordinator/plug-ins/find-module";
import { stepFromAnswer } from "@ozone/coordinator/search/plug-in/answer";
import { plugInState } from "@ozone/coordinator/search/plug-in/question";
import { messageOf } from "@ozone/shared/errors";
import { isPackageName } from "@ozone/shared/strategy-names";
import type { RecordedGrid } from "../grids/recorded-grid.ts";
import { type AskStep, replayAsking } from "./replay.ts";
import { documentOf, type ReplayDocument } from "./replay-document.ts";

/** A sentence about a module that can't be replayed. */
export class ModuleProblem extends Error {}

/** What is typed here is loaded: it is the user's own process. */
const EVERYTHING = { places: [resolve("/")], namedIn: null };

/** Where the module is. @throws ModuleProblem when it is not there. */
async function locate(given: string): Promise<string> {
  const here = process.cwd();
  const path = isPackageName(given) ? await installedPackage(given, here) : resolve(here, given);
  const found = path && (await findModule(path, EVERYTHING).catch(() => null));
  if (!found) throw new ModuleProblem(`There is no strategy module ${given}.`);
  return found;
}

function asking(module: string, given: string, onOutput: (text: string) => void): AskStep {
  return async (state) => {
    const answer = await askModule({ module, stateJson: JSON.stringify(plugInState(state)), onOutput });
    try {
      if ("answerJson" in answer) return stepFromAnswer(answer.answerJson, state);
    } catch (thrown) {
      throw new ModuleProblem(`The plug-in strategy ${given} ${messageOf(thrown).replace(/\.$/, "")}.`);
    }
    throw new ModuleProblem(`The plug-in strategy ${given} ${answer.problem}.`);
  };
}

/**
 * Replays a module.
 * @param given a path, or the name of an installed package.
 * @throws ModuleProblem with one sentence when it is not there or does what it may not.
 */
export async function replayPlugIn(
  grid: RecordedGrid,
  given: string,
  seed: string,
  onOutput: (text: string) => void,
): Promise<ReplayDocument> {
  const ask = asking(await locate(given), given, onOutput);
  const main = await replayAsking(grid, { strategy: given, seed, trialsMax: 0 }, ask);
  return documentOf(grid, { strategy: given, seed, main });
}
