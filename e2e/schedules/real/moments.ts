// The moments that faults wait for: states between dispatch and receipt, as seen from outside; then the drawn delay.
import type { Moment } from "./draw-schedule.ts";
import { type Fleet, type FleetAgent, outboxOf } from "./fleet.ts";

/** A state that does not come (nobody works at the moment) is given up after this; the fault happens all the same. */
const LIMIT_MS = 8_000;
/** A result is in the outbox for some hundredths of a second. */
const LOOK_EVERY_MS = { "order leased": 50, "result in the outbox": 3 } as const;

/** Waits so long. */
export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** How often the end of the sweep is asked for while the other state is looked for. */
const ASK_EVERY_MS = 500;

/** Whether the agent has an order under a lease; null: the sweep is over. Unknown (Postgres is away) counts as no. */
async function leased(fleet: Fleet, agent: FleetAgent): Promise<boolean | null> {
  const rows = await fleet.stack
    .query<{ machine_id: string; state: string }>(
      "select t.machine_id, t.state from trials t join sweeps s on s.id = t.sweep_id where s.state = 'running'",
    )
    .catch(() => null);
  if (rows === null) return false;
  if (rows.length === 0) return null;
  return rows.some((row) => row.machine_id === agent.machineId && row.state === "running");
}

/**
 * Waits for the moment on this agent, and `delayMs` more.
 * @returns what came of it: "over" means that the sweep has ended and nothing is left to strike.
 */
export async function reach(
  fleet: Fleet,
  agent: FleetAgent,
  { moment, delayMs }: { readonly moment: Moment; readonly delayMs: number },
): Promise<"seen" | "not seen" | "over"> {
  const end = performance.now() + LIMIT_MS;
  let [outcome, asked]: ["seen" | "not seen", number] = ["not seen", 0];
  while (performance.now() < end) {
    const ask = moment === "order leased" || performance.now() - asked > ASK_EVERY_MS;
    const isLeased = ask ? await leased(fleet, agent) : false;
    if (ask) asked = performance.now();
    if (isLeased === null) return "over";
    if (moment === "order leased" ? isLeased : outboxOf(agent).length > 0) {
      outcome = "seen";
      break;
    }
    await pause(LOOK_EVERY_MS[moment]);
  }
  await pause(delayMs);
  return outcome;
}
