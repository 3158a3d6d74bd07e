// Finds the model under test and pins it: the digest that is installed must be the one that was ordered.
import { TrialFailure } from "@ozone/shared/failure";
import { bareDigest, type InstalledModel, sameModel } from "../ollama/engine-state.ts";
import { modelDetailsOf } from "../ollama/model-details.ts";
import { type Attempt, warn } from "./attempt.ts";

/** @throws TrialFailure model_missing, context_too_large, server_unreachable, ... */
export async function resolveModel(attempt: Attempt): Promise<void> {
  const { engine, ports, order } = attempt;
  attempt.identity = await engine.identity(ports.signal);
  const installed = await engine.installed(ports.signal);
  const model = installed.find(({ name }) => sameModel(name, order.modelName));
  if (model === undefined) throw new TrialFailure("model_missing", missing(order.modelName, installed));
  requireDigest(model, order.modelDigest);
  attempt.model = model;
  attempt.loadedBefore = await engine.loaded(ports.signal);
  attempt.details = modelDetailsOf(await shownDetails(attempt), model);
  noteUnknowns(attempt);
}

/** A server that can't describe a model may still run it; what follows from the description is then unknown. */
async function shownDetails({ engine, ports, order }: Attempt): Promise<unknown> {
  try {
    return await engine.show(order.modelName, ports.signal);
  } catch (thrown) {
    if (ports.signal.aborted) throw thrown;
    return null;
  }
}

function noteUnknowns(attempt: Attempt): void {
  if (/^0\.0\.0($|-)/.test(attempt.identity?.version ?? "")) {
    warn(attempt, {
      code: "engine_version_unknown",
      message:
        "The server says its version is 0.0.0: it was built without one, so its results can't be told from those of other versions.",
    });
  }
  if (attempt.details?.trainedContext === null) {
    warn(attempt, {
      code: "trained_context_unknown",
      message: "The server does not say what context the model was trained for.",
    });
  }
}

const missing = (name: string, installed: readonly InstalledModel[]): string => {
  const names = installed.slice(0, 8).map((one) => one.name);
  const known = names.length === 0 ? "No model is installed there" : `Installed are ${names.join(", ")}`;
  return `The model ${name} is not installed on this server. ${known}. Pull it, or choose one that \`ollama list\` shows.`;
};

function requireDigest(model: InstalledModel, ordered: string): void {
  const wanted = bareDigest(ordered);
  // Digests may be shown shortened; twelve digits are what `ollama list` prints.
  if (wanted === "" || model.digest === wanted || (wanted.length >= 12 && model.digest.startsWith(wanted)))
    return;
  throw new TrialFailure(
    "model_missing",
    `The model ${model.name} has digest ${model.digest.slice(0, 12)}, but ${wanted.slice(0, 12)} was ordered: it was changed since. Announce the machine again, or pull the ordered version.`,
  );
}
