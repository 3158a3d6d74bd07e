// Roll-outs over three machines where one does not get what was promised: real NATS, Postgres and reference engines, the
// coordinator's and the agents' own parts. What a launch measures is made up here, so that a machine can be disappointed
// on purpose: nothing of it is a measurement.
import { create } from "@bufbuild/protobuf";
import type { Preset } from "@ozone/proto/preset";
import { type RolloutRequest, RolloutRequestSchema } from "@ozone/proto/rollout";
import { askAboutApplying, onApplyingQuestion } from "@ozone/shared/bus";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { carryOut } from "../../packages/agent/src/applying/carry-out-order.ts";
import { finishInterrupted } from "../../packages/agent/src/applying/finish-interrupted.ts";
import { OrderDesk } from "../../packages/agent/src/applying/order-desk.ts";
import {
  launchOf,
  MODEL,
  namesAt,
  presetFor,
  type RunningEngine,
  seenAt,
  startEngine,
} from "../../packages/agent/src/applying/preset-material.ts";
import type { MeasureLaunch } from "../../packages/agent/src/applying/re-measure.ts";
import { rollBack } from "../../packages/agent/src/applying/roll-back.ts";
import { openDoor, type Stall, type StallingDoor } from "../../packages/agent/src/applying/stalling-door.ts";
import { newFolder, removeFolders } from "../../packages/agent/src/measure/trial-material.ts";
import { EngineClient } from "../../packages/agent/src/ollama/engine-client.ts";
import { advanceRollouts } from "../../packages/coordinator/src/rollouts/advance-rollouts.ts";
import { answerAgent } from "../../packages/coordinator/src/rollouts/answer-agents.ts";
import {
  cancelRollout,
  requireRollout,
  startRollout,
  undoRollout,
} from "../../packages/coordinator/src/rollouts/start-rollout.ts";
import { saveMachine } from "../../packages/coordinator/src/store/machines.ts";
import type { Store } from "../../packages/coordinator/src/store/open-store.ts";
import { rolloutTargetsOf } from "../../packages/coordinator/src/store/rollouts.ts";
import { madeAnnouncement } from "../../packages/coordinator/src/testing/made-sweep.ts";
import { openRealParts, type RealParts } from "../../packages/coordinator/src/testing/real-parts.ts";
import { waitFor } from "../setup/wait-for.ts";

const LEASE_MS = 60_000;
const NAME = "mine:1";
const TURN_MS = 20;

let parts: RealParts;
let store: Store;
let engines: RunningEngine[];
let preset: Preset;
let untouched: Record<string, string>[];
/** Ends what a test left running. */
let ends: (() => unknown)[];

beforeAll(async () => {
  parts = await openRealParts();
  engines = await Promise.all([1, 2, 3].map(() => startEngine(newFolder())));
  preset = presetFor(await seenAt(engines[0]?.url ?? "", MODEL));
});
afterAll(async () => {
  for (const engine of engines) await engine.stop();
  await parts.close();
  removeFolders();
});
beforeEach(async () => {
  ends = [];
  store = await parts.newStore();
  // Each machine has a model of that name already, another one each.
  for (const [index, { url }] of engines.entries()) {
    await ask(url, "POST", "/api/create", {
      model: NAME,
      from: MODEL,
      parameters: { seed: index },
      stream: false,
    });
  }
  untouched = await namesNow();
});
afterEach(async () => {
  for (const end of ends.toReversed()) await end();
  for (const [index, { url }] of engines.entries()) {
    for (const name of Object.keys((await namesNow())[index] ?? {}).filter((one) => one !== MODEL)) {
      await ask(url, "DELETE", "/api/delete", { model: name });
    }
  }
});

const ask = async (url: string, method: string, path: string, body: unknown): Promise<void> => {
  const answer = await fetch(`${url}${path}`, { method, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${path}: HTTP ${answer.status}: ${await answer.text()}`);
};
const namesNow = () => Promise.all(engines.map(({ url }) => namesAt(url)));

/** Runs something again and again, one at a time. @returns what ends it */
function repeat(turn: () => Promise<unknown> | unknown): () => Promise<void> {
  let stopped = false;
  const loop = (async () => {
    while (!stopped) {
      await turn();
      await new Promise((resolve) => setTimeout(resolve, TURN_MS));
    }
  })();
  return () => {
    stopped = true;
    return loop;
  };
}

/** What the coordinator does for roll-outs; ending it is its kill, since all that it knows is in Postgres. */
function coordinate(): () => Promise<void> {
  const deaf = onApplyingQuestion(
    parts.bus,
    async (machineId, question) => (await answerAgent(store, machineId, question)).answer,
  );
  const presence = { leaseMs: LEASE_MS, listeningMs: LEASE_MS };
  const still = repeat(() =>
    advanceRollouts(store, presence, (_id, thrown) => {
      throw thrown;
    }),
  );
  const end = () => {
    deaf();
    return still();
  };
  ends.push(end);
  return end;
}

interface Machine {
  readonly url: string;
  readonly folder: string;
  /** Derived over default: below 1 keeps the promise. */
  readonly gain: number;
}

/** A machine's agent, as far as it applies. @returns what makes it fall silent, as a kill does */
async function startAgent(index: number, { url, folder, gain }: Machine): Promise<() => Promise<void>> {
  const stop = new AbortController();
  const measurer = (): MeasureLaunch => (side) =>
    Promise.resolve(launchOf(side, side.optionsInModel ? 100 * gain : 100));
  const engine = new EngineClient(url);
  await finishInterrupted(folder, engine);
  const fixed = { engine, folder, hardwareClass: "test-class", stop: stop.signal, measurer };
  const desk = await OrderDesk.open({
    machineId: `m-${index}`,
    folder,
    stop: stop.signal,
    ask: (question) => askAboutApplying(parts.bus, question),
    carryOut: (order, around) => carryOut(order, { ...fixed, ...around }),
    onActivity: () => undefined,
    onDone: () => undefined,
    log: () => undefined,
  });
  const silence = repeat(() => desk.hear(true));
  ends.push(() => stop.abort(), silence);
  return silence;
}

async function announce(
  index: number,
  change: Partial<{ models: never[]; engineProblem: string }> = {},
): Promise<void> {
  const made = madeAnnouncement(`m-${index}`);
  const models = [{ ...made.models[0], name: MODEL, digest: preset.modelDigest }];
  await saveMachine(
    store.db,
    Object.assign(made, { name: `lab-${index}`, engine: preset.engine, models, ...change }),
  );
}

const machineOf = (index: number, gain: number): Machine => ({
  url: engines[index]?.url ?? "",
  folder: newFolder(),
  gain,
});

/** Three machines whose derived models take so much of the default's time. */
async function fleet(gains: readonly number[]): Promise<void> {
  for (const [index, gain] of gains.entries()) {
    await announce(index);
    await startAgent(index, machineOf(index, gain));
  }
}

const start = (change: Partial<Omit<RolloutRequest, "$typeName" | "$unknown">> = {}): Promise<string> =>
  startRollout(store, create(RolloutRequestSchema, { preset, as: NAME, replace: true, ...change }), {
    leaseMs: LEASE_MS,
    who: "a test",
  });

async function ended(id: string) {
  const { state, because } = await waitFor("the end of a roll-out", () => requireRollout(store, id), {
    until: (rollout) => rollout.state !== "running",
    limitMs: 20_000,
  });
  const targets = await rolloutTargetsOf(store.db, id);
  return { state, because, targets, ends: targets.map((target) => target.state) };
}

describe("a roll-out over three machines", () => {
  it("is kept by all where all get what was promised, each with its own figures", async () => {
    coordinate();
    await fleet([0.9, 0.88, 0.86]);
    const { state, targets } = await ended(await start({ parallel: 2 }));
    expect(state).toBe("kept");
    expect(targets.map(({ canary }) => canary)).toEqual([true, false, false]);
    const ratios = targets.map(
      ({ outcome }) => outcome?.measured.find(({ metric }) => metric === "ttft_ms")?.ratio,
    );
    expect(ratios.map((ratio) => ratio?.toFixed(2))).toEqual(["0.90", "0.88", "0.86"]);
    const now = await namesNow();
    expect(now.map((names) => names[NAME])).toEqual(targets.map(({ outcome }) => outcome?.digest));
  });

  it("stops at a regression and is taken back where it was kept, byte for byte", async () => {
    coordinate();
    await fleet([0.9, 1.2, 0.9]);
    const { state, because, ends: states, targets } = await ended(await start());
    expect([state, states]).toEqual(["rolled back", ["taken back", "rolled back", "not sent"]]);
    expect(because).toMatch(/^The promised gain was not there on lab-1: .*promised 0\.90 times/);
    expect(targets[0]?.outcome?.outcome).toBe("kept");
    expect(await namesNow()).toEqual(untouched);
  });

  it("leaves it where a machine confirmed it, when that was asked for", async () => {
    coordinate();
    await fleet([0.9, 1.2, 0.9]);
    const { state, ends: states, targets } = await ended(await start({ keepKept: true }));
    expect([state, states]).toEqual(["rolled back", ["kept", "rolled back", "not sent"]]);
    const [first, ...others] = await namesNow();
    expect(first?.[NAME]).toBe(targets[0]?.outcome?.digest);
    expect(others).toEqual(untouched.slice(1));
  });

  it("sends to nobody else when the canary gets no gain", async () => {
    coordinate();
    await fleet([1.2, 0.9, 0.9]);
    const { state, ends: states } = await ended(await start());
    expect([state, states]).toEqual(["rolled back", ["rolled back", "not sent", "not sent"]]);
    expect(await namesNow()).toEqual(untouched);
  });

  it("takes the next canary where one can't apply it, and leaves out who lacks the model", async () => {
    coordinate();
    await fleet([0.9, 0.9, 0.9]);
    await announce(2, { models: [] });
    // Somebody removed the model since the machine announced it.
    const elsewhere = presetFor({ version: preset.engine?.version ?? "", digest: "f".repeat(64) });
    for (const index of [0, 1]) {
      const made = Object.assign(madeAnnouncement(`m-${index}`), {
        name: `lab-${index}`,
        engine: preset.engine,
      });
      const models = [{ ...made.models[0], name: MODEL, digest: elsewhere.modelDigest }];
      await saveMachine(store.db, Object.assign(made, { models }));
    }
    const { state, targets } = await ended(await start({ preset: elsewhere }));
    expect(state).toBe("not applied");
    const said = targets.map(({ state: end, because }) => `${end}: ${because}`);
    expect(said).toEqual([
      expect.stringMatching(/^not applied: .* has digest .* here, and the preset is for f{12}/),
      expect.stringMatching(/^not applied: .* has digest/),
      `left out: ${MODEL} is not installed there.`,
    ]);
    expect(targets.map(({ canary }) => canary)).toEqual([true, true, false]);
    expect(await namesNow()).toEqual(untouched);
  });

  it("ends with every machine as it was, when the coordinator and the agent of the canary are killed on the way back", async () => {
    const kill = coordinate();
    for (const index of [0, 1, 2]) await announce(index);
    // Two copies, a trial model made and removed; then the copy that takes it back never ends.
    const stall: Stall = { change: 4, when: "after" };
    const door: StallingDoor = await openDoor(engines[0]?.url ?? "", stall);
    ends.push(() => door.close());
    const canary = { ...machineOf(0, 0.9), url: door.url };
    const silence = await startAgent(0, canary);
    await startAgent(1, machineOf(1, 1.2));
    const id = await start();
    expect(await door.stalled).toBe("/api/copy");
    await Promise.all([silence(), kill()]);
    expect((await requireRollout(store, id)).state).toBe("running");
    coordinate();
    await startAgent(0, canary);
    const { state, ends: states } = await ended(id);
    expect([state, states]).toEqual(["rolled back", ["taken back", "rolled back", "not sent"]]);
    expect(await namesNow()).toEqual(untouched);
  });

  it("is stopped by a person: nothing more is sent, and what was kept is taken back", async () => {
    coordinate();
    await fleet([0.9]);
    await announce(1);
    const id = await start({ parallel: 1 });
    await waitFor("a second machine that is sent to", () => rolloutTargetsOf(store.db, id), {
      until: (targets) => targets[1]?.state === "sent",
    });
    await cancelRollout(store, id, { keepKept: false, who: "a test" });
    await startAgent(1, machineOf(1, 0.9));
    const { state, ends: states } = await ended(id);
    expect([state, states]).toEqual(["cancelled", ["taken back", "not applied"]]);
    expect(await namesNow()).toEqual(untouched);
  });
});

describe("a roll-out that has ended", () => {
  it("is undone on every machine that kept it, once, through kills of the coordinator and of an agent on the way back", async () => {
    const kill = coordinate();
    const door = await openDoor(engines[0]?.url ?? "", { change: 4, when: "after" });
    ends.push(() => door.close());
    const first = { ...machineOf(0, 0.9), url: door.url };
    for (const index of [0, 1, 2]) await announce(index);
    const silence = await startAgent(0, first);
    for (const index of [1, 2]) await startAgent(index, machineOf(index, 0.9));
    const id = await start({ parallel: 2 });
    expect((await ended(id)).state).toBe("kept");
    await kill();
    await undoRollout(store, id, "a test");
    expect(await requireRollout(store, id)).toMatchObject({ state: "running", stopped: "undone" });
    const again = coordinate();
    expect(await door.stalled).toBe("/api/copy");
    await Promise.all([silence(), again()]);
    coordinate();
    await startAgent(0, first);
    const { state, because, ends: states } = await ended(id);
    expect([state, because]).toEqual(["undone", "It was undone: taken back on 3 of 3 machines."]);
    expect(states).toEqual(["taken back", "taken back", "taken back"]);
    expect(await namesNow()).toEqual(untouched);
    await undoRollout(store, id, "a test");
    expect((await requireRollout(store, id)).state).toBe("undone");
  });

  it("is undone as far as it can be: who is away is told after the end, and who changed the name is left alone", async () => {
    coordinate();
    const machines = [0, 1, 2].map((index) => machineOf(index, 0.9));
    for (const index of [0, 1, 2]) await announce(index);
    const silences = await Promise.all(machines.map((machine, index) => startAgent(index, machine)));
    const id = await start({ keepKept: true });
    await expect(undoRollout(store, id, "a test")).rejects.toThrow(
      /is still running; `ozone rollout cancel r-/,
    );
    expect((await ended(id)).state).toBe("kept");
    const [, changed, away] = machines as [Machine, Machine, Machine];
    await rollBack(NAME, {
      engine: new EngineClient(changed.url),
      folder: changed.folder,
      say: () => undefined,
    });
    await silences[2]?.();
    await announce(2, { engineProblem: "No Ollama answers there." });
    await undoRollout(store, id, "a test");
    const { state, because, targets } = await ended(id);
    expect([state, because]).toEqual(["undone", "It was undone: taken back on 1 of 3 machines."]);
    expect(targets.map((target) => `${target.state}: ${target.because}`)).toEqual([
      "taken back: What had the name before has it again.",
      expect.stringMatching(/^not taken back: No preset is applied as mine:1/),
      "still to take back: No Ollama answers there. It will be told when it is there again.",
    ]);
    await startAgent(2, away);
    await waitFor("the last machine", () => rolloutTargetsOf(store.db, id), {
      until: (now) => now[2]?.state === "taken back",
    });
    expect(await namesNow()).toEqual(untouched);
  });

  it("is not undone where nobody kept it, which is said in one sentence", async () => {
    coordinate();
    await fleet([1.2]);
    const id = await start();
    expect((await ended(id)).state).toBe("rolled back");
    await expect(undoRollout(store, id, "a test")).rejects.toThrow(
      `No machine has kept the preset of roll-out ${id}, so that there is nothing to take back; \`ozone rollout show ${id}\` says what became of it.`,
    );
    await expect(undoRollout(store, "r-0", "a test")).rejects.toThrow(/^There is no roll-out "r-0"/);
  });
});
