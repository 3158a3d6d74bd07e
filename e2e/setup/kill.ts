// kill -9 at random moments between dispatch and receipt, drawn from a seed that is printed.
import type { SeededRandom } from "@ozone/shared/statistics/seeded-random";
import { readJson } from "./processes.ts";
import type { Stack, StackAgent } from "./stack.ts";
import { waitFor } from "./wait-for.ts";

/** What can be killed. */
export const VICTIMS = ["coordinator", "agent", "nats-server"] as const;
/** One of them. */
export type Victim = (typeof VICTIMS)[number];

/** A trial takes about so long here; a moment is drawn from it. */
const TRIAL_MS = 2_500;

/** Waits until a trial is dispatched and not receipted, then a random while. @returns false when the sweep has ended. */
export async function randomMoment(stack: Stack, random: SeededRandom): Promise<boolean> {
  const states = await waitFor(
    "a running trial",
    () => stack.query<{ state: string }>("select state from trials"),
    {
      until: (rows) =>
        rows.some(({ state }) => state === "running") || rows.every(({ state }) => state === "done"),
    },
  );
  if (!states.some(({ state }) => state === "running")) return false;
  await new Promise((resolve) => setTimeout(resolve, random.next() * TRIAL_MS));
  return true;
}

/** Kills one process and brings back what no supervisor of ours brings back. */
export async function killOne(victim: Victim, stack: Stack, agent: StackAgent): Promise<void> {
  if (victim === "coordinator") {
    await stack.coordinator.kill();
    stack.coordinator.restart();
    await stack.waitUntilReady();
  } else if (victim === "agent") {
    await agent.process.kill();
    agent.process.restart();
  } else {
    const { pid } = readJson<{ pid: number }>(`${stack.dataDir}/nats.json`) ?? { pid: 0 };
    if (pid > 1) process.kill(pid, "SIGKILL");
  }
}
