// Whether a preset holds for what is here: its model, engine, hardware and kind of numbers. Pure.

import type { Engine } from "@ozone/proto/machine";
import { Provenance } from "@ozone/proto/machine";
import type { Preset } from "@ozone/proto/preset";
import { serverVariables } from "@ozone/shared/derived-model";
import { bareDigest } from "@ozone/shared/model-digest";
import { engineKindWords, PROVENANCE_WORDS, provenanceOf } from "@ozone/shared/provenance";
import { promisesSpeed } from "./worth.ts";

/** What is here. */
export interface Surroundings {
  readonly hardwareClass: string;
  readonly engine: Pick<Engine, "kind" | "version">;
  /** The installed model of the preset's name; null when there is none. */
  readonly model: { readonly digest: string; readonly synthetic: boolean } | null;
}

/**
 * Why this preset can't be applied here, in one sentence; null when it can.
 * @param despiteChanges another version of the engine and a stale preset are let through: the measurement will tell.
 *   Another model, hardware class or kind of engine is another promise, and never let through.
 */
export function whyNotHere(preset: Preset, here: Surroundings, despiteChanges: boolean): string | null {
  return (
    whyNotThisMachine(preset, here) ??
    whyNotThisModel(preset, here) ??
    (despiteChanges ? null : whyChanged(preset, here)) ??
    whyNoPromise(preset)
  );
}

function whyNotThisMachine(preset: Preset, { hardwareClass, engine }: Surroundings): string | null {
  if (preset.hardwareClass !== hardwareClass) {
    return `The preset is for the hardware class ${preset.hardwareClass}, and this machine is ${hardwareClass}; measure here (\`ozone sweep run\`).`;
  }
  const kind = preset.engine?.kind ?? 0;
  if (kind === engine.kind) return null;
  return `The preset was measured on the engine "${engineKindWords(kind)}", and the server here is "${engineKindWords(engine.kind)}"; measure here (\`ozone sweep run\`).`;
}

function whyNotThisModel(preset: Preset, { engine, model }: Surroundings): string | null {
  const { modelName, modelDigest, provenance } = preset;
  if (model === null) return `The model ${modelName} is not installed on this server; pull it first.`;
  const wanted = bareDigest(modelDigest);
  if (wanted === "" || model.digest !== wanted) {
    return `${modelName} has digest ${model.digest.slice(0, 12)} here, and the preset is for ${wanted.slice(0, 12) || "an unknown one"}; measure it again (\`ozone sweep run\`).`;
  }
  const here = provenanceOf(engine.kind, model.synthetic);
  if (provenance === here && provenance !== Provenance.SIMULATED) return null;
  return `The preset is ${PROVENANCE_WORDS[provenance]}, and what is measured here is ${PROVENANCE_WORDS[here]}: the two never mix.`;
}

function whyChanged({ engine: measured, staleBecause }: Preset, { engine }: Surroundings): string | null {
  const advice = "measure again, or let the re-measurement decide (--despite-changes).";
  if ((measured?.version ?? "") !== engine.version) {
    return `The preset was measured on version ${measured?.version || "unknown"} of the engine, and ${engine.version} runs here; ${advice}`;
  }
  const [stale] = staleBecause;
  return stale === undefined ? null : `The preset is stale: ${stale.replace(/\.$/, "")}; ${advice}`;
}

function whyNoPromise(preset: Preset): string | null {
  const { configuration, defaultConfiguration, gains, purpose } = preset;
  if (configuration === undefined) return "The preset has no configuration; it can't be applied.";
  const variables = Object.entries(serverVariables(configuration)).map(([name, value]) => `${name}=${value}`);
  if (variables.length > 0) {
    return `The preset needs settings of the server (${variables.join(" ")}) that no model can carry, and a running server does not show whether it has them; set them as \`ozone preset export --format systemd\`, launchd or setx says, and measure again.`;
  }
  if (!promisesSpeed(purpose)) return null;
  if (defaultConfiguration === undefined || gains.length === 0) {
    return "The preset states no gain over the default configuration, so there is nothing to apply or to check.";
  }
  return null;
}
