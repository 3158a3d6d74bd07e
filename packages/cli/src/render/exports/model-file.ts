// A preset as a Modelfile of Ollama: a model of its own with the preset's options.
import type { Preset } from "@ozone/proto/preset";
import { OzoneError } from "@ozone/shared/errors";
import { presetNotes, serverNotes } from "./preset-notes.ts";
import { requestOptions } from "./request-options.ts";

/** Names as Ollama makes them; anything else could begin a line of its own. */
const MODEL_NAME = /^[\w.:/@-]+$/;

/** @throws OzoneError invalid_input for a model whose name can't stand there. */
export function modelFile(preset: Preset): string {
  const { modelName, purpose } = preset;
  if (!MODEL_NAME.test(modelName)) {
    throw new OzoneError(
      "invalid_input",
      `The model name ${JSON.stringify(modelName)} can't stand in a Modelfile; use --format curl or client.`,
    );
  }
  const derived = `${modelName.replace(/[:/@]/g, "-")}-${purpose.replaceAll("_", "-")}`;
  const notes = presetNotes(preset, [
    ...serverNotes(preset),
    "num_predict is left out: it is how the preset was measured and would cut answers.",
    `Use: ollama create ${derived} -f THIS-FILE, then ollama run ${derived}`,
    `Undo: ollama rm ${derived}`,
  ]);
  const parameters = Object.entries(requestOptions(preset)).map(
    ([name, value]) => `PARAMETER ${name} ${value}\n`,
  );
  return `${notes.map((line) => `# ${line}\n`).join("")}FROM ${modelName}\n${parameters.join("")}`;
}
