// The coordinator's orders on a real reference engine, with a kill at every step: the next start and the same order once
// more lead to the same end, and what came of it is said as if nothing had been. Nothing is measured here.
import { create } from "@bufbuild/protobuf";
import { ApplyingAction, type ApplyingOrder, ApplyingOrderSchema } from "@ozone/proto/applying";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { newFolder, removeFolders } from "../measure/trial-material.ts";
import { EngineClient } from "../ollama/engine-client.ts";
import { applyPreset } from "./apply-preset.ts";
import { carryOut, type OrderPorts } from "./carry-out-order.ts";
import { finishInterrupted } from "./finish-interrupted.ts";
import { readRecord } from "./order-records.ts";
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
let door: StallingDoor;
let untouched: Record<string, string>;

beforeAll(async () => {
  engine = await startEngine(newFolder());
});
afterAll(async () => {
  await engine.stop();
  removeFolders();
});
afterEach(async () => {
  await door.close();
  for (const name of Object.keys(await namesAt(engine.url)).filter((one) => one !== MODEL)) {
    await ask("DELETE", "/api/delete", { model: name });
  }
});

const ask = async (method: string, path: string, body: unknown): Promise<void> => {
  const answer = await fetch(`${engine.url}${path}`, { method, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${path}: HTTP ${answer.status}: ${await answer.text()}`);
};

const gainOf =
  (gain: number): MeasureLaunch =>
  (side) =>
    Promise.resolve(launchOf(side, side.optionsInModel ? 100 * gain : 100));

interface Scene {
  readonly ports: OrderPorts;
  readonly apply: ApplyingOrder;
  readonly takeBack: (digest: string) => ApplyingOrder;
}

async function scene(stall: Stall | null, measure: MeasureLaunch = gainOf(0.9)): Promise<Scene> {
  await ask("POST", "/api/create", { model: NAME, from: MODEL, parameters: { seed: 7 }, stream: false });
  untouched = await namesAt(engine.url);
  door = await openDoor(engine.url, stall);
  const { signal } = new AbortController();
  const ports = {
    engine: new EngineClient(door.url),
    folder: newFolder(),
    hardwareClass: "test-class",
    ...{ signal, stop: signal },
    say: () => undefined,
    measurer: () => measure,
  };
  const preset = presetFor(await seenAt(engine.url, MODEL));
  const order = { orderId: "r-1-0-apply", action: ApplyingAction.APPLY, name: NAME, preset, replace: true };
  const back = { orderId: "r-1-0-take-back", action: ApplyingAction.ROLL_BACK, name: NAME };
  return {
    ports,
    apply: create(ApplyingOrderSchema, order),
    takeBack: (digest) => create(ApplyingOrderSchema, { ...back, digest }),
  };
}

/** Leaves the work where it stalls, as a kill does; the next start ends or undoes what it finds. */
async function killed(work: Promise<unknown>, ports: OrderPorts): Promise<void> {
  const ended = work.then(
    () => "it ended",
    (thrown: unknown) => `it failed: ${String(thrown)}`,
  );
  expect(await Promise.race([door.stalled, ended])).toMatch(/^\/api\//);
  await finishInterrupted(ports.folder, ports.engine);
}

const WHENS = ["before", "after"] as const;
const stalls = (paths: readonly string[]): [string, Stall][] =>
  paths.flatMap((path, change) =>
    WHENS.map((when): [string, Stall] => [`${when} ${path} (${change})`, { change, when }]),
  );
const APPLIED = ["/api/create", "/api/copy", "/api/copy", "/api/delete"];
const TAKEN_BACK = ["/api/copy", "/api/delete"];

describe("an order to apply", () => {
  it.each(stalls(APPLIED))("is killed %s, and comes again to the same end", async (_title, stall) => {
    const { ports, apply, takeBack } = await scene(stall);
    await killed(carryOut(apply, ports), ports);
    const outcome = await carryOut(apply, ports);
    const { digest, backupName } = outcome;
    expect(outcome).toMatchObject({ outcome: "kept", name: NAME, samplesDerived: 6, samplesDefault: 6 });
    expect(outcome.measured).toContainEqual(expect.objectContaining({ metric: "ttft_ms" }));
    const names = { ...untouched, [NAME]: digest, [backupName]: untouched[NAME] };
    expect(await namesAt(engine.url)).toEqual(names);
    const changes = door.changes.length;
    expect(await carryOut(apply, ports)).toEqual(outcome);
    expect(door.changes).toHaveLength(changes);
    expect((await carryOut(takeBack(digest), ports)).outcome).toBe("rolled back");
    expect(await namesAt(engine.url)).toEqual(untouched);
  });

  it("leaves nothing where the promise is not kept, and says so once and again", async () => {
    const { ports, apply } = await scene(null, gainOf(1.2));
    const outcome = await carryOut(apply, ports);
    expect(outcome).toMatchObject({ outcome: "rolled back", digest: "" });
    expect(await carryOut(apply, ports)).toEqual(outcome);
    expect(await namesAt(engine.url)).toEqual(untouched);
  });

  it("is given up when the machine ended three times while it was at it", async () => {
    const { ports, apply } = await scene(null, () => new Promise(() => undefined));
    for (let start = 1; start <= 3; start += 1) {
      carryOut(apply, ports).catch(() => undefined);
      await expect
        .poll(async () => [
          (await readRecord(ports.folder, apply.orderId)).begun,
          Object.keys(await namesAt(engine.url)).length,
        ])
        .toEqual([start, Object.keys(untouched).length + 1]);
      await finishInterrupted(ports.folder, ports.engine);
    }
    const { outcome, because } = await carryOut(apply, ports);
    expect([outcome, because.join()]).toEqual(["not applied", expect.stringContaining("begun 3 times")]);
    expect(await namesAt(engine.url)).toEqual(untouched);
  });

  it("begins again with the agent when the agent was asked to end", async () => {
    const stop = new AbortController();
    const { ports, apply } = await scene(null);
    const ending = {
      ...ports,
      ...{ signal: stop.signal, stop: stop.signal },
      measurer: (): MeasureLaunch => () => {
        stop.abort();
        return Promise.reject(new Error("ended"));
      },
    };
    await expect(carryOut(apply, ending)).rejects.toThrow("ended");
    expect(await readRecord(ports.folder, apply.orderId)).toMatchObject({ begun: 0, outcome: null });
    expect(await namesAt(engine.url)).toEqual(untouched);
    expect((await carryOut(apply, ports)).outcome).toBe("kept");
  });

  it("is refused where somebody has applied a preset under that name: taking it back would not lead there", async () => {
    const { ports, apply } = await scene(null);
    const own = { preset: presetFor(await seenAt(engine.url, MODEL)), as: NAME, replace: true };
    await applyPreset({ ...own, despiteChanges: false }, { ...ports, measure: gainOf(0.9) });
    const before = await namesAt(engine.url);
    const { outcome, because } = await carryOut(apply, ports);
    expect([outcome, because.join()]).toEqual([
      "not applied",
      expect.stringContaining("is applied as mine:1"),
    ]);
    expect(await namesAt(engine.url)).toEqual(before);
    await rollBack(NAME, ports);
  });
});

describe("an order to take back", () => {
  it.each(stalls(TAKEN_BACK))("is killed %s, and comes again to the same end", async (_title, stall) => {
    const { ports, apply, takeBack } = await scene({ ...stall, change: stall.change + APPLIED.length });
    const { digest } = await carryOut(apply, ports);
    await killed(carryOut(takeBack(digest), ports), ports);
    const outcome = await carryOut(takeBack(digest), ports);
    expect(outcome).toMatchObject({ outcome: "rolled back", digest: untouched[NAME] });
    expect(await namesAt(engine.url)).toEqual(untouched);
    expect(await carryOut(takeBack(digest), ports)).toEqual(outcome);
  });

  it("leaves alone what somebody applied since", async () => {
    const { ports, apply, takeBack } = await scene(null);
    await carryOut(apply, ports);
    const before = await namesAt(engine.url);
    const { outcome, because } = await carryOut(takeBack("0".repeat(64)), ports);
    expect([outcome, because.join()]).toEqual([
      "not rolled back",
      "Another preset was applied as mine:1 since; it was left as it is.",
    ]);
    expect(await namesAt(engine.url)).toEqual(before);
  });
});
