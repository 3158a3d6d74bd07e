// Tells a lie of the scripted Ollama to a trial and holds the result against the table: for the tests of all lies, which
// stand in files that run side by side.
import { type ListedLie, type ScriptChange, startScriptedOllama } from "@ozone/simulator/scripted-ollama";
import { expect } from "vitest";
import { runTrial } from "../run-trial.ts";
import { escapeOf, orderForLie, portsForLie } from "./lies-caught.ts";

/** Expects that a lie is found out as the table says. */
export async function isFoundOut(lie: ListedLie, cacheDir: string): Promise<void> {
  const { name } = lie;
  const server = await startScriptedOllama({ ...lie.needs, lies: [name] } as ScriptChange);
  try {
    const result = await runTrial(orderForLie(name), portsForLie(server.url, cacheDir));
    expect(escapeOf(name, result), name).toBeNull();
  } finally {
    await server.stop();
  }
}

/** Families whose lies are about what a sample's numbers say; the others are about how its stream comes. */
export const ABOUT_NUMBERS: ReadonlySet<string> = new Set([
  "counts",
  "context",
  "options",
  "clocks",
  "rates",
]);
