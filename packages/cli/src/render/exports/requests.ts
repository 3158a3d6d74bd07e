// A preset as a request that can be tried at once: with curl, and with Ollama's JavaScript client.
import type { Preset } from "@ozone/proto/preset";
import { derivedParameters } from "@ozone/shared/derived-model";
import { presetNotes, serverNotes } from "./preset-notes.ts";

const QUESTION = [{ role: "user", content: "Why is the sky blue?" }];

const UNDO = "Undo: leave the options out again; nothing is changed on the server.";

/** What every request may carry. */
const optionsOf = ({ configuration }: Preset): Record<string, number> =>
  configuration ? derivedParameters(configuration) : {};

/** A word of a POSIX shell, whatever is in it. */
export const shellWord = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** One command for a POSIX shell. `server` is the base address. */
export function curlCommand(preset: Preset, server: string): string {
  const notes = presetNotes(preset, [...serverNotes(preset), UNDO]);
  const body = JSON.stringify({
    model: preset.modelName,
    messages: QUESTION,
    stream: false,
    options: optionsOf(preset),
  });
  return `${notes.map((line) => `# ${line}\n`).join("")}curl -sS ${shellWord(`${server}/api/chat`)} -d ${shellWord(body)}\n`;
}

/** A module for Node. */
export function clientModule(preset: Preset, server: string): string {
  const notes = presetNotes(preset, [
    ...serverNotes(preset),
    "Use: npm install ollama, save this as ask.mjs, then node ask.mjs",
    UNDO,
  ]);
  return `${notes.map((line) => `// ${line}\n`).join("")}import { Ollama } from "ollama";

const ollama = new Ollama({ host: ${JSON.stringify(server)} });
const { message } = await ollama.chat({
  model: ${JSON.stringify(preset.modelName)},
  messages: ${JSON.stringify(QUESTION)},
  options: ${JSON.stringify(optionsOf(preset))},
});
console.log(message.content);
`;
}
