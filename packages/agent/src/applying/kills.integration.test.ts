// A kill at every step of applying and rolling back, on a real reference engine. What is asked of the server goes
// through a door that stalls for ever at one change; whoever asked is left there, as a killed process would be, and the
// next start finds its notes and the server as they are. Nothing is measured here.
import { configuration } from "@ozone/shared/configuration";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { newFolder, removeFolders } from "../measure/trial-material.ts";
import { EngineClient } from "../ollama/engine-client.ts";
import { readApplications } from "./application-notes.ts";
import { applyPreset } from "./apply-preset.ts";
import { finishInterrupted } from "./finish-interrupted.ts";
import {
  launchOf,
  MODEL,
  namesAt,
  presetFor,
  type RunningEngine,
  seenAt,
  startEngine,
} from "./preset-material.ts";
import type { MeasureLaunch } from "./re-measure.ts";
import { rollBack } from "./roll-back.ts";
import { openDoor, type Stall, type StallingDoor } from "./stalling-door.ts";

const NAME = "mine:1";
let engine: RunningEngine;
let door: StallingDoor | null = null;
/** What is installed before anything is applied. */
let untouched: Record<string, string> = {};

beforeAll(async () => {
  engine = await startEngine(newFolder());
});
afterAll(async () => {
  await engine.stop();
  removeFolders();
});
afterEach(async () => {
  await door?.close();
  for (const name of Object.keys(await namesAt(engine.url)).filter((one) => one !== MODEL)) {
    await ask("DELETE", "/api/delete", { model: name });
  }
});

const ask = async (method: string, path: string, body: unknown): Promise<void> => {
  const answer = await fetch(`${engine.url}${path}`, { method, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${path}: HTTP ${answer.status}: ${await answer.text()}`);
};

/** Faster than the default, or as slow as it. */
const measuring =
  (gain: number): MeasureLaunch =>
  (side) =>
    Promise.resolve(launchOf(side, side.optionsInModel ? 100 * gain : 100));

interface Scene {
  readonly url: string;
  readonly folder: string;
  apply(measure?: MeasureLaunch, numBatch?: number): Promise<string>;
  rollBack(): Promise<string>;
}

async function scene({ taken, stall }: { taken: boolean; stall: Stall | null }): Promise<Scene> {
  if (taken)
    await ask("POST", "/api/create", { model: NAME, from: MODEL, parameters: { seed: 7 }, stream: false });
  untouched = await namesAt(engine.url);
  door = await openDoor(engine.url, stall);
  const folder = newFolder();
  const client = new EngineClient(door.url);
  const preset = presetFor(await seenAt(engine.url, MODEL));
  const ports = { engine: client, folder, say: () => undefined };
  return {
    url: door.url,
    folder,
    async apply(measure = measuring(0.9), numBatch = 256) {
      const point = configuration({ numCtx: 1024, numThread: 1, numPredict: 16, numBatch });
      const request = {
        preset: { ...preset, configuration: point },
        as: NAME,
        replace: taken,
        despiteChanges: false,
      };
      const around = { ...ports, hardwareClass: "test-class", signal: new AbortController().signal, measure };
      return (await applyPreset(request, around)).outcome;
    },
    rollBack: async () => (await rollBack("", ports)).outcome,
  };
}

/** Leaves `work` where it stalls, as a kill does; what becomes of it after the test is nobody's. */
async function killedAt(work: Promise<unknown>): Promise<string> {
  const ended = work.then(
    () => "it ended",
    (thrown: unknown) => `it failed: ${String(thrown)}`,
  );
  return Promise.race([door?.stalled ?? "no door", ended]);
}

/** The next start: everything is the old state or the new one, and rolling back leads to the old one. */
async function startAgain({ url, folder, rollBack: back }: Scene): Promise<"old" | "new"> {
  await finishInterrupted(folder, new EngineClient(url));
  const notes = await readApplications(folder);
  expect(notes.filter(({ underway }) => underway !== null)).toEqual([]);
  const [standing] = notes.flatMap((note) => note.standing ?? []);
  const now = await namesAt(engine.url);
  if (standing === undefined) {
    expect(now).toEqual(untouched);
    expect(notes).toEqual([]);
    return "old";
  }
  const { backupName, digest } = standing.before;
  const backup = backupName === null ? {} : { [backupName]: digest };
  expect(now).toEqual({ ...untouched, ...backup, [NAME]: standing.digest });
  expect(await back()).toBe("rolled back");
  expect(await namesAt(engine.url)).toEqual(untouched);
  return "new";
}

const WHENS = ["before", "after"] as const;
const stalls = (paths: readonly string[]): [string, Stall][] =>
  paths.flatMap((path, change) =>
    WHENS.map((when): [string, Stall] => [`${when} ${path} (${change})`, { change, when }]),
  );

const [CREATE, COPY, DELETE] = ["/api/create", "/api/copy", "/api/delete"] as const;

describe.each([
  { taken: false, applied: [CREATE, COPY, DELETE], back: [DELETE] },
  { taken: true, applied: [CREATE, COPY, COPY, DELETE], back: [COPY, DELETE] },
])("a kill, when the name is taken: $taken", ({ taken, applied, back }) => {
  it("has no other steps than these", async () => {
    const { apply, rollBack: undo } = await scene({ taken, stall: null });
    expect(await apply()).toBe("kept");
    expect(await undo()).toBe("rolled back");
    expect(door?.changes).toEqual([...applied, ...back]);
    expect(await namesAt(engine.url)).toEqual(untouched);
  });

  it.each(stalls(applied))("while applying, %s, leaves the old state or the new", async (_title, stall) => {
    const here = await scene({ taken, stall });
    expect(await killedAt(here.apply())).toBe(applied[stall.change]);
    expect(await startAgain(here)).toBe(stall.change === 0 ? "old" : "new");
  });

  it("while measuring leaves the old state", async () => {
    const here = await scene({ taken, stall: null });
    const measured = new Promise<string>((resolve) => {
      here.apply(() => new Promise(() => resolve("measuring"))).catch(() => undefined);
    });
    await measured;
    expect(Object.keys(await namesAt(engine.url))).toHaveLength(Object.keys(untouched).length + 1);
    expect(await startAgain(here)).toBe("old");
  });

  it.each(stalls([CREATE, DELETE]))(
    "while a promise was not kept, %s, leaves the old state",
    async (_title, stall) => {
      const here = await scene({ taken, stall });
      expect(await killedAt(here.apply(measuring(1.2)))).toBe([CREATE, DELETE][stall.change]);
      expect(await startAgain(here)).toBe("old");
    },
  );

  it.each(stalls(back))("while rolling back, %s, leaves the old state", async (_title, stall) => {
    const here = await scene({ taken, stall: { ...stall, change: stall.change + applied.length } });
    expect(await here.apply()).toBe("kept");
    expect(await killedAt(here.rollBack())).toBe(back[stall.change]);
    expect(await startAgain(here)).toBe("old");
  });
});

describe("applying and rolling back", () => {
  it("removes the trial model when the promise is not kept, and leaves nothing else", async () => {
    const { apply, folder } = await scene({ taken: false, stall: null });
    expect(await apply(measuring(1.2))).toBe("rolled back");
    expect(await namesAt(engine.url)).toEqual(untouched);
    expect(await readApplications(folder)).toEqual([]);
  });

  it("goes back to what was there before the first of two applications", async () => {
    const { apply, rollBack: undo } = await scene({ taken: true, stall: null });
    const applied = [await apply(), await apply(measuring(0.9), 64)];
    expect([...applied, await undo()]).toEqual(["kept", "kept", "rolled back"]);
    expect(await namesAt(engine.url)).toEqual(untouched);
  });

  it.each(stalls([CREATE, COPY, DELETE]))(
    "is killed in the second of two applications, %s, and one of the two stands",
    async (_title, stall) => {
      const here = await scene({ taken: true, stall: { ...stall, change: stall.change + 4 } });
      expect(await here.apply()).toBe("kept");
      const first = (await namesAt(engine.url))[NAME];
      expect(await killedAt(here.apply(measuring(0.9), 64))).toBe([CREATE, COPY, DELETE][stall.change]);
      await finishInterrupted(here.folder, new EngineClient(here.url));
      expect((await namesAt(engine.url))[NAME] === first).toBe(stall.change === 0);
      expect(await startAgain(here)).toBe("new");
    },
  );

  it("is found again when the server has another address", async () => {
    const here = await scene({ taken: true, stall: null });
    expect(await here.apply()).toBe("kept");
    const before = door;
    door = await openDoor(engine.url, null);
    const moved = { engine: new EngineClient(door.url), folder: here.folder, say: () => undefined };
    await expect(rollBack(NAME, moved)).rejects.toThrow("none is applied");
    await before?.close();
    expect((await rollBack(NAME, moved)).outcome).toBe("rolled back");
    expect(await namesAt(engine.url)).toEqual(untouched);
  });

  it("refuses a name that is taken, unless it is told to set that model aside", async () => {
    await scene({ taken: true, stall: null });
    const ports = {
      engine: new EngineClient(engine.url),
      folder: newFolder(),
      hardwareClass: "test-class",
      signal: new AbortController().signal,
      say: () => undefined,
      measure: measuring(0.9),
    };
    const preset = presetFor(await seenAt(engine.url, MODEL));
    const request = { preset, as: NAME, replace: false, despiteChanges: false };
    await expect(applyPreset(request, ports)).rejects.toThrow(`There is a model ${NAME} already`);
    expect(await namesAt(engine.url)).toEqual(untouched);
  });

  it("leaves a model alone that somebody else has changed since, and says so", async () => {
    const here = await scene({ taken: false, stall: null });
    expect(await here.apply()).toBe("kept");
    await ask("POST", "/api/create", { model: NAME, from: MODEL, parameters: { seed: 8 }, stream: false });
    const changed = await namesAt(engine.url);
    await expect(here.rollBack()).rejects.toThrow("somebody changed it");
    expect(await namesAt(engine.url)).toEqual(changed);
  });

  it("says that there is nothing to roll back when nothing is applied", async () => {
    const { rollBack: undo } = await scene({ taken: false, stall: null });
    await expect(undo()).rejects.toThrow("There is nothing to roll back");
  });
});
