// What is asked for when somebody looks: states in Postgres, depth of the pipes, the pool. A part that is away leaves its
// gauges out and is 0 in ozone_part_up; the rest is still told.
import { type Bus, pipeDepths } from "@ozone/shared/bus";
import { soon } from "@ozone/shared/observing";
import { collectDefaultMetrics, Gauge, type Registry } from "prom-client";
import { countFleet, type FleetCounts } from "../store/fleet-counts.ts";
import type { Store } from "../store/open-store.ts";

/** What is looked at. */
export interface Watched {
  readonly store: Store;
  readonly bus: Bus;
  readonly leaseMs: number;
  /** Whether this coordinator leads. */
  readonly leads: () => boolean;
}

/** Counting reads whole tables: however often somebody scrapes, Postgres is asked this seldom. */
const COUNTS_AGE_MS = 10_000;

/** Gives the last answer again until it is too old. One question at a time; failures are not kept. */
function keepFor<Value>(ageMs: number, ask: () => Promise<Value>): () => Promise<Value> {
  let asked: { readonly atMs: number; readonly answer: Promise<Value> } | null = null;
  return () => {
    if (asked !== null && performance.now() - asked.atMs < ageMs) return asked.answer;
    const answer = ask();
    asked = { atMs: performance.now(), answer };
    answer.catch(() => {
      asked = null;
    });
    return answer;
  };
}

function stateGauges(registers: Registry[]) {
  const gauge = (name: string, help: string, labelNames: string[] = []) =>
    new Gauge({ name, help, labelNames, registers });
  const machines = gauge("ozone_machines", "Machines by state.", ["state"]);
  const trials = gauge("ozone_trials", "Trials by state.", ["state"]);
  const sweeps = gauge("ozone_sweeps", "Sweeps by state.", ["state"]);
  const notifications = gauge("ozone_notifications", "Notifications that are kept, by state.", ["state"]);
  const quarantined = gauge("ozone_quarantined_messages", "Messages in quarantine.");
  const byState = [
    [machines, "machines", ["heard", "missing", "paused", "pending", "revoked"]],
    [trials, "trials", ["planned", "running", "done", "failed", "cancelled"]],
    [sweeps, "sweeps", ["running", "done", "cancelled", "failed"]],
    [notifications, "notifications", ["waiting", "delivered", "given_up"]],
  ] as const;
  return (counts: FleetCounts | null) => {
    for (const [each, kind, states] of byState) {
      each.reset();
      for (const state of states) if (counts !== null) each.set({ state }, counts[kind][state] ?? 0);
    }
    if (counts === null) quarantined.remove();
    else quarantined.set(counts.quarantinedMessages);
  };
}

/** Adds the gauges to a registry. @returns what brings them up to date; it never rejects */
export function addGauges(registry: Registry, { store, bus, leaseMs, leads }: Watched): () => Promise<void> {
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const setStates = stateGauges(registers);
  const up = new Gauge({ name: "ozone_part_up", help: "1: it answers.", labelNames: ["part"], registers });
  const leader = new Gauge({ name: "ozone_leader", help: "1: this coordinator leads.", registers });
  const pipes = new Gauge({
    name: "ozone_pipe_messages",
    help: "Messages in a pipe that nobody has acknowledged.",
    labelNames: ["pipe"],
    registers,
  });
  const pool = new Gauge({
    name: "ozone_postgres_pool",
    help: "Connections of the Postgres pool, and queries that wait for one.",
    labelNames: ["what"],
    registers,
  });
  const fleet = keepFor(COUNTS_AGE_MS, () => countFleet(store.db, leaseMs));
  return async () => {
    const [counts, depths] = await Promise.all([
      soon(fleet()).catch(() => null),
      soon(pipeDepths(bus)).catch(() => null),
    ]);
    const answers = await soon(store.ping()).then(
      () => true,
      () => false,
    );
    setStates(answers ? counts : null);
    leader.set(leads() ? 1 : 0);
    up.set({ part: "postgres" }, answers ? 1 : 0);
    up.set({ part: "bus" }, depths === null ? 0 : 1);
    pipes.reset();
    for (const [pipe, messages] of Object.entries(depths ?? {})) pipes.set({ pipe }, messages);
    for (const [what, many] of Object.entries(store.pool())) pool.set({ what }, many);
  };
}
