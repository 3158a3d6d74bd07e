// Queries on machines that sweeps wait for and that nobody hears.
import { sql } from "drizzle-orm";
import type { Executor } from "./open-store.ts";
import { machineIdentities } from "./schema/machine-identities.ts";
import { machines } from "./schema/machines.ts";
import { sweeps, sweepTargets } from "./schema/sweeps.ts";

/**
 * Machines with an open part of a running sweep that were not heard for so long; a revoked one counts as heard when it was revoked.
 * @param machineId of this one only; null: of all
 */
export async function absentWithParts(
  db: Executor,
  silentMsMin: number,
  machineId: string | null = null,
): Promise<string[]> {
  const heard = sql`greatest(${machines.lastSeenAt}, ${machineIdentities.decidedAt})`;
  const { rows } = await db.execute<{ id: string }>(sql`
    select distinct ${machines.id} as id from ${sweepTargets}
    join ${sweeps} on ${sweeps.id} = ${sweepTargets.sweepId} and ${sweeps.state} = 'running'
    join ${machines} on ${machines.id} = ${sweepTargets.machineId}
    left join ${machineIdentities} on ${machineIdentities.machineId} = ${machines.id}
    where not ${sweepTargets.finished} and ${heard} < now() - make_interval(secs => ${silentMsMin / 1000})
      and (${machineId}::text is null or ${machines.id} = ${machineId})
    order by 1`);
  return rows.map(({ id }) => id);
}
