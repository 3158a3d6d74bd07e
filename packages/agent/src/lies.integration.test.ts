// Every lie and fault of the scripted Ollama, and where the trial says so (lies-caught.ts). A lie that is new there fails
// here until it has its line.
import {
  LIES,
  type ListedLie,
  type ScriptChange,
  startScriptedOllama,
} from "@ozone/simulator/scripted-ollama";
import { afterAll, describe, expect, it } from "vitest";
import {
  escapeOf,
  escapeOfOneBadSample,
  ONE_BAD_SAMPLE,
  orderForLie,
  orderForOneBadSample,
  WAITING,
} from "./lies-caught.ts";
import { newFolder, portsFor, removeFolders } from "./measure/trial-material.ts";
import { runTrial } from "./run-trial.ts";

const cacheDir = newFolder();
afterAll(removeFolders);

describe("a server that lies in one way", () => {
  const busy = LIES.filter(({ name }) => !WAITING.has(name));
  it.each(busy.map((lie) => [lie.name, lie] as const))("%s is found out", (_name, lie) => isFoundOut(lie));

  it("and keeps the trial waiting is found out", async () => {
    const waiting = LIES.filter(({ name }) => WAITING.has(name));
    expect(waiting).toHaveLength(WAITING.size);
    await Promise.all(waiting.map(isFoundOut));
  });

  it("only once among good samples is rejected for that sample alone", async () => {
    const server = await startScriptedOllama({ lies: [ONE_BAD_SAMPLE] });
    try {
      const result = await runTrial(orderForOneBadSample(), portsFor(server.url, { cacheDir }));
      expect(escapeOfOneBadSample(result)).toBeNull();
    } finally {
      await server.stop();
    }
  });
});

async function isFoundOut(lie: ListedLie): Promise<void> {
  const { name } = lie;
  const server = await startScriptedOllama({ ...lie.needs, lies: [name] } as ScriptChange);
  try {
    const result = await runTrial(orderForLie(name), portsFor(server.url, { cacheDir }));
    expect(escapeOf(name, result), name).toBeNull();
  } finally {
    await server.stop();
  }
}
