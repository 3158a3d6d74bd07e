// Finds the model under test and pins it: the digest that is installed must be the one that was ordered.

import { TrialFailure } from "@ozone/shared/failure";
import { bareDigest } from "@ozone/shared/model-digest";
import { type InstalledModel, sameModel } from "../ollama/engine-state.ts";
import { modelDetailsOf, weightsOf } from "../ollama/model-details.ts";
import { type Attempt, warn } from "./attempt.ts";
import { countsLastBatchOnly } from "./timings.ts";

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
  const shown = await shownDetails(attempt, order.modelName);
  attempt.details = modelDetailsOf(shown, model);
  attempt.sharingRunner = await namesSharing(attempt, { digest: model.digest, weights: weightsOf(shown) });
  requireTrainedContext(attempt);
  noteUnknowns(attempt);
}

/** Ollama would cut the context to the trained one, in silence; before 0.15.5 it even shows the one that was asked for. */
function requireTrainedContext({ configuration, details, order }: Attempt): void {
  const trained = details?.trainedContext ?? null;
  if (trained === null || configuration.numCtx <= trained) return;
  throw new TrialFailure(
    "context_too_large",
    `num_ctx ${configuration.numCtx} is beyond the ${trained} tokens that ${order.modelName} was trained for; Ollama would allocate ${trained} and say nothing. Use at most ${trained}.`,
  );
}

/** Copies and derived models ("FROM this one") are other names of the same weights. */
async function namesSharing(
  attempt: Attempt,
  model: { readonly digest: string; readonly weights: string | null },
): Promise<string[]> {
  const names: string[] = [];
  for (const { name, digest } of attempt.loadedBefore) {
    if (sameModel(name, attempt.order.modelName)) names.push(name);
    else if (digest !== "" && digest === model.digest) names.push(name);
    else if (model.weights !== null && weightsOf(await shownDetails(attempt, name)) === model.weights)
      names.push(name);
  }
  return names;
}

/** A server that can't describe a model may still run it; what follows from the description is then unknown. */
async function shownDetails({ engine, ports }: Attempt, name: string): Promise<unknown> {
  try {
    return await engine.show(name, ports.signal);
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
  if (countsLastBatchOnly(attempt.identity?.version ?? "")) {
    warn(attempt, {
      code: "prefill_from_total",
      message:
        "This version of Ollama says of a prompt only what its last batch took; prefill is what its total duration leaves beside load and decode, which is a little more. A newer Ollama says it itself.",
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
