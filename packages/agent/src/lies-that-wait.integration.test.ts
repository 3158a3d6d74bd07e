// Lies and faults of the scripted Ollama that keep the trial waiting: all at the same time, because they do nothing else.
import { LIES } from "@ozone/simulator/scripted-ollama";
import { afterAll, describe, expect, it } from "vitest";
import { newFolder, removeFolders } from "./measure/trial-material.ts";
import { WAITING } from "./testing/lies-caught.ts";
import { isFoundOut } from "./testing/lies-told.ts";

const cacheDir = newFolder();
afterAll(removeFolders);

describe("a server that keeps the trial waiting", () => {
  it("is one of those in the list", () => {
    expect(LIES.filter(({ name }) => WAITING.has(name))).toHaveLength(WAITING.size);
  });

  const waiting = LIES.filter(({ name }) => WAITING.has(name));
  it.concurrent.each(waiting.map((lie) => [lie.name, lie] as const))("%s is found out", (_name, lie) =>
    isFoundOut(lie, cacheDir),
  );
});
