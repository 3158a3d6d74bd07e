// A preset on two machines, as an administrator rolls it out: real processes, two reference engines with their own models,
// real inference, and kills of an agent and of the coordinator on the way.
import type { RolloutTarget } from "@ozone/proto/rollout";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  MODEL,
  namesAt,
  presetFor,
  type RunningEngine,
  seenAt,
  startEngine,
} from "../../packages/agent/src/applying/preset-material.ts";
import { newFolder, removeFolders } from "../../packages/agent/src/measure/trial-material.ts";
import { Stack, type StackAgent } from "../setup/stack.ts";
import { classOf, storePreset } from "../setup/store-preset.ts";
import { waitFor } from "../setup/wait-for.ts";

const NAME = `${MODEL}-ozone-fast_response`;
let stack: Stack;
let engines: [RunningEngine, RunningEngine];
let agents: [StackAgent, StackAgent];
let untouched: Record<string, string>[];

beforeAll(async () => {
  [stack, ...engines] = await Promise.all([
    Stack.start(),
    startEngine(newFolder()),
    startEngine(newFolder()),
  ]);
  const [one, two] = engines;
  agents = await Promise.all([stack.startAgent("lab-1", one.url), stack.startAgent("lab-2", two.url)]);
  untouched = await namesNow();
  const hardwareClass = await classOf(stack);
  await storePreset(stack, presetFor(await seenAt(one.url, MODEL), { hardwareClass }));
});
afterAll(async () => {
  await stack?.stop();
  for (const engine of engines ?? []) await engine.stop();
  removeFolders();
});

const namesNow = () => Promise.all(engines.map(({ url }) => namesAt(url)));

interface Document {
  readonly rollout: { readonly id: string; readonly state: string; readonly targets: RolloutTarget[] };
}

interface Row {
  readonly state: string;
  readonly activity: string;
}

/** Waits until a machine of a roll-out is so far; asked of Postgres, since a command line takes time from what measures. */
const until = (id: string, position: number, isThere: (row: Row) => boolean) =>
  waitFor(
    `machine ${position} of ${id}`,
    () =>
      stack.query<Row>(
        `select state, activity from rollout_targets where rollout_id = '${id}' and position = ${position}`,
      ),
    { until: ([row]) => row !== undefined && (isThere(row) || /^(rolled|not)/.test(row.state)) },
  );
const isMeasuring = ({ state, activity }: Row): boolean =>
  state === "sent" && /loading|filling|warming/.test(activity);

const start = (...words: string[]) =>
  stack.json<Document>(["preset", "rollout", MODEL, "--yes", "--detach", "--quiet-wait", "0s", ...words]);

describe("a roll-out over two machines", () => {
  it("shows the plan and does nothing, when it is asked to", async () => {
    const { code, stdout } = await stack.ozone(["preset", "rollout", MODEL, "--dry-run"]);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/lab-1 +planned[\s\S]*lab-2 +planned/)]);
    expect((await stack.json<{ rollouts: unknown[] }>(["rollout", "list"])).rollouts).toEqual([]);
  });

  it("means the machines that carry a tag, and says in one sentence that none carries it", async () => {
    expect((await stack.ozone(["machine", "tag", "lab-2", "bench-1", "gpu"])).code).toBe(0);
    const untagged = await stack.json<{ machine: { tags: string[] } }>(["machine", "untag", "lab-2", "gpu"]);
    expect(untagged.machine.tags).toEqual(["bench-1"]);
    const plan = (tag: string) => ["preset", "rollout", MODEL, "--dry-run", "--tag", tag];
    const { targets } = (await stack.json<Document>(plan("bench-1"))).rollout;
    expect(targets.map(({ machineName, state }) => `${machineName} ${state}`)).toEqual(["lab-2 planned"]);
    const sweep = ["sweep", "plan", "--num-ctx", "1024", "--tag"];
    const planned = await stack.json<{ targets: { machineName: string }[] }>([...sweep, "bench-1"]);
    expect(planned.targets.map(({ machineName }) => machineName)).toEqual(["lab-2"]);
    for (const words of [plan("bench-2"), [...sweep, "bench-2"]]) {
      const { code, stderr } = await stack.ozone(words);
      expect([code, stderr]).toEqual([2, expect.stringMatching(/^No machine .* carries the tag "bench-2" /)]);
    }
  });

  it("ends as its report says on both or on none, through the kill of the canary's agent and of the coordinator", async () => {
    const { id } = (await start()).rollout;
    const watching = stack.ozone(["rollout", "watch", id]);
    await until(id, 0, isMeasuring);
    await until(id, 1, ({ state }) => state === "planned");
    await agents[0].process.kill();
    agents[0].process.restart();
    await until(id, 0, ({ state }) => state === "kept");
    await until(id, 1, isMeasuring);
    await stack.coordinator.kill();
    stack.coordinator.restart();
    const { code, stdout, stderr } = await watching;
    const { state, targets } = (await stack.json<Document>(["rollout", "show", id])).rollout;
    // Real inference on a machine with other users: what is measured there decides, and both ends are an honest one.
    const seen = stdout + stderr + agents.map((agent) => agent.process.output).join();
    expect([state, code], seen).toEqual(state === "kept" ? ["kept", 0] : ["rolled back", 3]);
    expect(stdout.replace(/\s+/g, " ")).toMatch(
      /lab-1 .*times the default's \[\d.*, n \d+ and \d+ \(synthetic\)/,
    );
    const stands = targets.map((target) => target.state === "kept");
    expect(new Set(stands).size, JSON.stringify(targets)).toBe(1);
    const expected = untouched.map((names, index) =>
      stands[index] ? { ...names, [NAME]: targets[index]?.outcome?.digest } : names,
    );
    expect(await namesNow()).toEqual(expected);
  });

  it("is undone wherever it was kept, through the kill of an agent, and refused where nothing was", async () => {
    const { rollouts } = await stack.json<{ rollouts: Document["rollout"][] }>(["rollout", "list"]);
    const { id, state } = rollouts[0] ?? { id: "", state: "" };
    await agents[0].process.kill();
    const undoing = stack.ozone(["rollout", "undo", id]);
    if (state === "kept") await until(id, 1, (row) => row.state === "taken back");
    agents[0].process.restart();
    const { code, stderr } = await undoing;
    const { rollout } = await stack.json<Document>(["rollout", "show", id]);
    expect([code, rollout.state], stderr).toEqual(state === "kept" ? [0, "undone"] : [2, "rolled back"]);
    expect(await namesNow()).toEqual(untouched);
  });

  it("is undone where it had begun, when it is cancelled", async () => {
    const before = await namesNow();
    const { id } = (await start("--as", "other:1", "--canary", "lab-2")).rollout;
    await until(id, 0, isMeasuring);
    // Its engine stands still, so that it can't be done before it has heard of the cancel.
    engines[1].pause();
    try {
      expect((await stack.ozone(["rollout", "cancel", id])).code).toBe(0);
      await waitFor("the canary to be told", async () => agents[1].process.output, {
        until: (said) => /order \S+ is withdrawn/.test(said),
      });
    } finally {
      engines[1].resume();
    }
    const { code } = await stack.ozone(["rollout", "watch", id]);
    const { rollout } = await stack.json<Document>(["rollout", "show", id]);
    const ends = rollout.targets.map(({ machineName, state }) => `${machineName} ${state}`);
    expect([code, rollout.state, ends]).toEqual([1, "cancelled", ["lab-2 not applied", "lab-1 not sent"]]);
    expect(await namesNow()).toEqual(before);
  });
});
