// For a model that carries its options itself: says them in one request, after the samples. A server in which they are
// in force already has nothing to do; one that loads the model anew had others in force. /api/show tells only what is
// written down, and this what it does.
import { TrialFailure } from "@ozone/shared/failure";
import { type Attempt, versionOf } from "./attempt.ts";
import { tryOption } from "./probe-options.ts";
import { loadOptions, requestOptions } from "./sample-options.ts";

/** @throws TrialFailure option_refused when the model's own options are not those of the configuration */
export async function requireOptionsOfModel(attempt: Attempt): Promise<void> {
  const { ports, configuration, order } = attempt;
  if (ports.optionsInModel !== true) return;
  const said = loadOptions(configuration, versionOf(attempt));
  const same = { option: "num_batch", from: configuration.numBatch, to: configuration.numBatch } as const;
  const { noticed } = await tryOption(attempt, same, requestOptions(said, { numPredict: 1, seed: 0 }));
  if (!noticed) return;
  throw new TrialFailure(
    "option_refused",
    `The parameters of ${order.modelName} are not in force: the server loaded it anew when a request said the same values.`,
  );
}
