// A preset as a Modelfile of Ollama: a model of its own with the preset's options.
import type { Preset } from "@ozone/proto/preset";
import { derivedModelName, derivedParameters, isModelName } from "@ozone/shared/derived-model";
import { OzoneError } from "@ozone/shared/errors";
import { presetNotes, serverNotes } from "./preset-notes.ts";

/** @throws OzoneError invalid_input for a model whose name can't stand there. */
export function modelFile(preset: Preset): string {
  const { modelName, purpose, configuration } = preset;
  if (!configuration || !isModelName(modelName)) {
    throw new OzoneError(
      "invalid_input",
      `The model name ${JSON.stringify(modelName)} can't stand in a Modelfile; use --format curl or client.`,
    );
  }
  const derived = derivedModelName(modelName, purpose);
  const notes = presetNotes(preset, [
    ...serverNotes(preset),
    "num_predict is left out: it is how the preset was measured and would cut answers.",
    `Use: ollama create ${derived} -f THIS-FILE, then ollama run ${derived}`,
    `Undo: ollama rm ${derived}`,
  ]);
  const parameters = Object.entries(derivedParameters(configuration)).map(
    ([name, value]) => `PARAMETER ${name} ${value}\n`,
  );
  return `${notes.map((line) => `# ${line}\n`).join("")}FROM ${modelName}\n${parameters.join("")}`;
}
