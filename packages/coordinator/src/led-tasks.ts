// The tasks of a coordinator that may not be the only one: those of tasks.ts run only while this one leads, each time anew, on
// a store that refuses to write once another one leads.
import { messageOf } from "@ozone/shared/errors";
import { type ApplyingLook, startApplyingLook } from "./applying-look.ts";
import { startTask } from "./background-task.ts";
import { type Candidacy, createCandidacy, LOOKS_PER_LEASE } from "./leading/candidacy.ts";
import { fencedStore } from "./leading/fenced-store.ts";
import { extendAllLeases } from "./store/attempts.ts";
import type { Candidate } from "./store/leadership.ts";
import type { PresetKey } from "./store/results.ts";
import { startTasks, type TaskPorts, type Tasks } from "./tasks.ts";

/** What it works with. */
export interface LedTaskPorts extends Omit<TaskPorts, "rolloutsMoved"> {
  readonly candidate: Candidate;
  /** One that the bus does not answer gives the lead up after a lease: another one may reach it. Absent: it always does. */
  readonly busAnswers?: () => Promise<boolean>;
  readonly say: (line: string) => void;
}

/** What the rest of a coordinator asks of the tasks, whether it leads or not. */
export interface LedTasks {
  /** Plan and dispatch now, and move roll-outs on. Where this one follows, the leader sees it at its next look, within a second. */
  wake(): void;
  /** Whether a machine has an order to apply or to take back, as far as the last look knows. */
  applyingWaits(machineId: string): boolean;
  /** A result was counted that did not come over the bus now: its presets are chosen again (by another leader within a minute). */
  resultCounted(key: PresetKey): void;
  readonly candidacy: Pick<Candidacy, "leads">;
  /** Ends the tasks and gives the lead back. */
  stop(): Promise<void>;
}

/** Starts the leader's tasks on a store of this term. */
async function lead(ports: LedTaskPorts, term: number, { lost, look }: { lost(): void; look: ApplyingLook }) {
  const { store, leaseMs, say } = ports;
  const fenced = fencedStore(store, term, lost);
  // Nobody may have heard heartbeats meanwhile, or the one that heard them was stopped.
  await fenced.db.transaction((tx) => extendAllLeases(tx, leaseMs));
  say(`this coordinator leads (term ${term})`);
  return { term, tasks: startTasks({ ...ports, store: fenced, rolloutsMoved: look.wake }) };
}

/** Looks for the lead once, and starts; the tasks follow it from then on. */
export async function startLedTasks(ports: LedTaskPorts): Promise<LedTasks> {
  const { store, candidate, changes, onError, events, say } = ports;
  const candidacy = createCandidacy(store, candidate, ports.busAnswers);
  const look = startApplyingLook(ports);
  let led: { readonly term: number; readonly tasks: Tasks } | null = null;

  async function follow(): Promise<void> {
    const before = led;
    led = null;
    if (before === null) return;
    say(`this coordinator follows (it led in term ${before.term})`);
    await before.tasks.stop();
  }
  async function run(): Promise<boolean> {
    const term = await candidacy.look();
    if (led !== null && led.term !== term) await follow();
    if (term !== null && led === null) led = await lead(ports, term, { lost: () => election.wake(), look });
    return false;
  }
  await run().catch((thrown: unknown) => onError("leading", thrown));
  if (candidacy.term === null) say("this coordinator follows: another one leads, or nobody is known to");
  const election = startTask({
    ...{ name: "leading", intervalMs: candidate.leaseMs / LOOKS_PER_LEASE, onError, run },
    onRun: events?.taskRan,
  });
  return {
    candidacy,
    wake: () => {
      led?.tasks.wake();
      look.wake();
    },
    applyingWaits: look.applyingWaits,
    resultCounted: (key) => {
      if (led === null) changes.notify();
      else led.tasks.resultCounted(key);
    },
    stop: async () => {
      await election.stop();
      const before: { readonly tasks: Tasks } | null = led;
      await Promise.all([look.stop(), before?.tasks.stop()]);
      await candidacy
        .giveBack()
        .catch((thrown: unknown) => say(`the lead ends by itself: ${messageOf(thrown)}`));
    },
  };
}
