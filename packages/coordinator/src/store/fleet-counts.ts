// How many there are of everything, by state: one look for whoever watches the fleet. Never a row per machine or trial.
import { sql } from "drizzle-orm";
import type { Executor } from "./open-store.ts";

/** Counts by state. */
export interface FleetCounts {
  /** heard, missing, paused, pending, revoked; each machine is in exactly one of them. */
  readonly machines: Readonly<Record<string, number>>;
  readonly trials: Readonly<Record<string, number>>;
  readonly sweeps: Readonly<Record<string, number>>;
  readonly quarantinedMessages: number;
  readonly notifications: Readonly<Record<string, number>>;
}

const QUERY = (leaseMs: number) => sql`
  select 'machines' as kind, state, count(*)::int as many from (
    select case
      when i.state = 'revoked' then 'revoked'
      when i.state = 'pending' then 'pending'
      when m.id is null or m.last_seen_at < now() - ${leaseMs} * interval '1 millisecond' then 'missing'
      when s.paused_at is not null then 'paused'
      else 'heard' end as state
    from machines m
    full join machine_identities i on i.machine_id = m.id
    left join machine_settings s on s.machine_id = coalesce(m.id, i.machine_id)
    where i.state is distinct from 'removed'
  ) each_machine group by state
  union all select 'trials', state, count(*)::int from trials group by state
  union all select 'sweeps', state, count(*)::int from sweeps group by state
  union all select 'notifications', state, count(*)::int from notifications group by state
  union all select 'quarantine', '', count(*)::int from quarantine`;

/** Counts everything. @param leaseMs who was not heard for so long is missing */
export async function countFleet(db: Executor, leaseMs: number): Promise<FleetCounts> {
  const { rows } = await db.execute<{ kind: string; state: string; many: number }>(QUERY(leaseMs));
  const of = (kind: string) =>
    Object.fromEntries(rows.filter((row) => row.kind === kind).map(({ state, many }) => [state, many]));
  const [quarantinedMessages = 0] = Object.values(of("quarantine"));
  const [machines, trials, sweeps] = [of("machines"), of("trials"), of("sweeps")];
  return { machines, trials, sweeps, quarantinedMessages, notifications: of("notifications") };
}
