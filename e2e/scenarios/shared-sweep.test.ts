// Equal machines share one sweep, from the command line to the presets: together they measure each configuration once,
// also when the coordinator is killed while they work; a slower one among them leaves.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MadeAgent } from "../setup/made-agent.ts";
import { Stack } from "../setup/stack.ts";
import { waitFor } from "../setup/wait-for.ts";

const TWINS = ["m-00000000000000a1", "m-00000000000000a2"];
const SLOWER = "m-00000000000000a3";

let stack: Stack;
const agents: MadeAgent[] = [];
/** From the sixth result on nothing is reported until the gate is opened. */
let reported = 0;
let openGate: () => void = () => undefined;
const gate = new Promise<void>((resolve) => {
  openGate = resolve;
});
const mayReport = async (): Promise<void> => {
  reported += 1;
  if (reported > 6) await gate;
};

beforeAll(async () => {
  stack = await Stack.start();
  const { natsUrl } = (await stack.waitUntilReady()) ?? { natsUrl: "" };
  for (const machineId of [...TWINS, SLOWER]) {
    const speed = machineId === SLOWER ? 0.6 : 1;
    agents.push(await MadeAgent.start({ natsUrl, machineId, speed, mayReport }));
  }
});
afterAll(async () => {
  openGate();
  for (const agent of agents) await agent.stop();
  await stack?.stop();
});

const SWEEP =
  "--share class --strategy grid --num-ctx 1024,2048,4096 --num-batch 128,256,512 --num-predict 64".split(
    " ",
  );
const POINTS = 9;

interface Measured extends Record<string, unknown> {
  readonly machine_id: string;
  readonly configuration_key: string;
}

describe("equal machines in one sweep", () => {
  it("measure each configuration once between them, also when the coordinator is killed meanwhile", async () => {
    const { sweep } = await stack.json<{ sweep: { id: string } }>([
      "sweep",
      "run",
      "--detach",
      "--name",
      "twins",
      ...SWEEP,
    ]);
    const underWay = "select id from trials where state = 'running'";
    await waitFor("a machine of each that works", () => stack.query<{ id: string }>(underWay), {
      until: (rows) => reported > 6 && rows.length === 3,
    });
    await stack.coordinator.kill();
    stack.coordinator.restart();
    await stack.waitUntilReady();
    openGate();
    await waitFor("the end of the sweep", () => stack.query<{ state: string }>("select state from sweeps"), {
      until: (rows) => rows.every(({ state }) => state === "done"),
    });

    const screened = await stack.query<Measured>(
      "select machine_id, configuration_key from results where purpose = 1",
    );
    const byTwins = screened.filter(({ machine_id }) => machine_id !== SLOWER);
    const times = new Map<string, number>();
    for (const { configuration_key: key } of byTwins) times.set(key, (times.get(key) ?? 0) + 1);
    // Four anchors, the default among them, are measured by each; the rest by one.
    expect([...times.values()].sort()).toEqual([1, 1, 1, 1, 1, 2, 2, 2, 2]);
    expect(times.size).toBe(POINTS);

    const document = await stack.json<{ sweep: { notes: string[] } }>(["sweep", "show", sweep.id]);
    const notes = document.sweep.notes.join(" ");
    expect(notes).toContain("share one search of ozone-synthetic:4m");
    expect(notes).toContain(`lab-${SLOWER} is odd: `);
    const presets = await waitFor(
      "presets without the odd machine",
      async () => (await stack.json<{ presets: { machineIds: string[] }[] }>(["preset", "list"])).presets,
      { until: (all) => all.length >= 3 && all.every(({ machineIds }) => !machineIds.includes(SLOWER)) },
    );
    for (const { machineIds } of presets) expect(machineIds).toEqual(TWINS);
  });
});
