// Every lie and fault of the scripted Ollama in how an answer comes: endings, placement, chunks, streams, HTTP. The lies
// about numbers are in lies.integration.test.ts, those that keep a trial waiting in lies-that-wait.integration.test.ts.
import { LIES } from "@ozone/simulator/scripted-ollama";
import { afterAll, describe, it } from "vitest";
import { newFolder, removeFolders } from "./measure/trial-material.ts";
import { WAITING } from "./testing/lies-caught.ts";
import { ABOUT_NUMBERS, isFoundOut } from "./testing/lies-told.ts";

const cacheDir = newFolder();
afterAll(removeFolders);

describe("a server that breaks or lies in how its answer comes", () => {
  const told = LIES.filter(({ name, family }) => !ABOUT_NUMBERS.has(family) && !WAITING.has(name));
  it.each(told.map((lie) => [lie.name, lie] as const))("%s is found out", (_name, lie) =>
    isFoundOut(lie, cacheDir),
  );
});
