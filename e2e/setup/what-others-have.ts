// What must not change while somebody lies: everything of the others, as it stands in Postgres and on the bus, and what the
// coordinator itself needs.
import { readFile } from "node:fs/promises";
import { connectBus } from "@ozone/shared/bus";
import type { Stack } from "./stack.ts";

/** Everything that is not the liar's, as it stands in Postgres: all but the moments at which machines were last heard. */
export async function othersThan(stack: Stack, liar: string): Promise<Record<string, unknown[]>> {
  const [id, apart] = [`'${liar}'`, `machine_id <> '${liar}'`];
  const tables = {
    machines: `select id, name, hardware_class, md5(announcement) from machines where id <> ${id}`,
    identities: `select machine_id, name, public_key, state from machine_identities where ${apart} and machine_id not like 'm-replay%'`,
    tags: `select machine_id, tag from machine_tags where ${apart}`,
    targets: `select id, sweep_id, machine_id, finished, odd_since from sweep_targets where ${apart}`,
    trials: `select id, sweep_id, state, attempt, failed_attempts from trials where ${apart}`,
    attempts: `select trial_id, number, state, published from attempts where ${apart}`,
    results: `select trial_id, attempt, md5(payload) from results where ${apart}`,
    samples: `select trial_id, attempt, position, decode_tokens_per_second from samples where trial_id in (select id from trials where ${apart})`,
    quarantine: `select id from quarantine where ${apart}`,
    sweeps: `select id, state from sweeps where id not in (select sweep_id from sweep_targets where machine_id = ${id})`,
  };
  const rows = Object.entries(tables).map(async ([name, sql]) => [
    name,
    await stack.query(`${sql} order by 1`),
  ]);
  return Object.fromEntries(await Promise.all(rows)) as Record<string, unknown[]>;
}

/** When the streams were made and how many orders wait, as the coordinator's own user sees it. */
export async function pipesNow(stack: Stack): Promise<{ made: string[]; orders: number }> {
  const bus = await connectBus({ url: (await stack.waitUntilReady())?.natsUrl ?? "", name: "test" });
  try {
    const manager = await bus.connection.jetstreamManager();
    const [results, work] = [
      await manager.streams.info("OZONE_RESULTS"),
      await manager.streams.info("OZONE_WORK"),
    ];
    return { made: [results.created, work.created], orders: work.state.messages };
  } finally {
    await bus.close();
  }
}

/** Resident memory of the coordinator. */
export const memoryBytes = async (stack: Stack): Promise<number> => {
  const status = await readFile(`/proc/${stack.coordinator.pid}/status`, "utf8");
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024;
};
