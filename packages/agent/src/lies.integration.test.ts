// Every lie of the scripted Ollama about numbers, and where the trial says so (lies-caught.ts). A lie that is new there
// fails here, or in lies-of-streams, until it has its line.
import { LIES, startScriptedOllama } from "@ozone/simulator/scripted-ollama";
import { afterAll, describe, expect, it } from "vitest";
import { newFolder, removeFolders } from "./measure/trial-material.ts";
import { runTrial } from "./run-trial.ts";
import {
  escapeOfOneBadSample,
  ONE_BAD_SAMPLE,
  orderForOneBadSample,
  portsForLie,
  WAITING,
} from "./testing/lies-caught.ts";
import { ABOUT_NUMBERS, isFoundOut } from "./testing/lies-told.ts";

const cacheDir = newFolder();
afterAll(removeFolders);

describe("a server that lies about numbers in one way", () => {
  const told = LIES.filter(({ name, family }) => ABOUT_NUMBERS.has(family) && !WAITING.has(name));
  it.each(told.map((lie) => [lie.name, lie] as const))("%s is found out", (_name, lie) =>
    isFoundOut(lie, cacheDir),
  );

  it("only once among good samples is rejected for that sample alone", async () => {
    const server = await startScriptedOllama({ lies: [ONE_BAD_SAMPLE] });
    try {
      const result = await runTrial(orderForOneBadSample(), portsForLie(server.url, cacheDir));
      expect(escapeOfOneBadSample(result)).toBeNull();
    } finally {
      await server.stop();
    }
  });
});
