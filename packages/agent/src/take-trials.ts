// The loop of an agent's life: take one order, run it alone on the host, keep its result safe, let the order go.
import type { TrialOrder, TrialResult } from "@ozone/proto/trial";
import {
  type Bus,
  encodeResult,
  type TakenOrder,
  takeTrialOrder,
  workingIntervalMs,
} from "@ozone/shared/bus";
import { messageOf, systemCodeOf } from "@ozone/shared/errors";
import { LEASE_MS } from "@ozone/shared/limits";
import type { WorkState } from "./control/work-state.ts";
import { idsOf, type Log } from "./log.ts";
import type { Journal } from "./outbox/journal.ts";
import type { Outbox } from "./outbox/outbox.ts";
import { sleep } from "./pause.ts";
import type { TrialTraces } from "./trial-traces.ts";

/** What taking trials needs. */
export interface TakingPorts {
  readonly bus: Bus;
  readonly machineId: string;
  readonly state: WorkState;
  readonly outbox: Outbox;
  readonly journal: Journal;
  /** Held while a trial runs: one benchmark at a time per host. */
  readonly lockHost: (signal: AbortSignal, onWait: () => void) => Promise<{ release(): Promise<void> }>;
  readonly runTrial: (order: TrialOrder, signal: AbortSignal) => Promise<TrialResult>;
  /** A result is in the outbox. */
  readonly onFinished: () => void;
  /** An order was taken: its lease should be kept from now on. */
  readonly onTaken: () => void;
  /** The bus does not know us (any more). */
  readonly announce: () => Promise<void>;
  readonly log: Log;
  /** Who traces trials; absent: nobody. */
  readonly traces?: TrialTraces | undefined;
}

/** Waiting for work, in one pull. */
const TAKE_WAIT_MS = 20_000;
/** After a failure of the bus. */
const BACK_OFF_MS = 1_000;
/** A full disk is asked again so often whether it has room. */
const DISK_RETRY_MS = 5_000;
/** So many results without a receipt mean that nobody takes them in: measuring more would only fill the disk. */
const OUTBOX_MAX = 200;

/** Puts the result on disk; while the disk is full it is held in memory, the order is kept, and the reason is shown. */
async function keep(ports: TakingPorts, result: TrialResult, stop: AbortSignal): Promise<boolean> {
  const payload = encodeResult(result);
  const { trialId, attempt } = result;
  while (!stop.aborted) {
    try {
      await ports.outbox.put(trialId, attempt, payload);
      await ports.journal.finished(trialId, attempt, payload);
      return true;
    } catch (thrown) {
      const full = systemCodeOf(thrown) === "ENOSPC";
      const words = full ? "the disk is full: make room, the result is kept in memory" : messageOf(thrown);
      ports.state.say(`waiting to save a result: ${words}`);
      ports.log(`trial ${trialId} attempt ${attempt} could not be saved: ${words}`, idsOf(result));
      await sleep(DISK_RETRY_MS, stop);
    }
  }
  return false;
}

/** @returns whether the order is settled and may leave the stream. */
async function work(ports: TakingPorts, order: TrialOrder, stop: AbortSignal): Promise<boolean> {
  const current = ports.state.begin(order.trialId, order.attempt);
  const traced = ports.traces?.taken(order);
  const signal = AbortSignal.any([current.abort.signal, stop]);
  ports.onTaken();
  ports.state.say("starting");
  const onWait = () => ports.state.say("waiting for the host: another benchmark is running");
  const lock = await ports.lockHost(signal, onWait).catch((thrown: unknown) => {
    if (signal.aborted) return null;
    throw thrown;
  });
  // Cancelled while waiting: nothing was measured. Stopped while waiting: the order is delivered again.
  if (!lock) return !stop.aborted;
  traced?.hostIsOurs();
  try {
    if (signal.aborted) return !stop.aborted;
    const result = await ports.runTrial(order, signal);
    if (stop.aborted) return false;
    if (!(await keep(ports, result, stop))) return false;
    traced?.saved(result);
    return true;
  } finally {
    await lock.release();
  }
}

async function settle(ports: TakingPorts, taken: TakenOrder, stop: AbortSignal): Promise<void> {
  const { order } = taken;
  if (ports.journal.isFinished(order.trialId, order.attempt)) return taken.done();
  const alive = setInterval(() => taken.working(), workingIntervalMs(order.leaseMs || LEASE_MS));
  try {
    ports.log(`trial ${order.trialId} attempt ${order.attempt}: ${order.modelName}`, idsOf(order));
    if (await work(ports, order, stop)) {
      taken.done();
      ports.onFinished();
    }
  } finally {
    clearInterval(alive);
    ports.state.end();
  }
}

/** Takes trials until `stop` aborts. Never throws: what fails is logged, backed off from, and tried again. */
export async function takeTrials(ports: TakingPorts, stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    if (ports.state.paused || ports.outbox.pending().length >= OUTBOX_MAX) {
      ports.state.say(ports.state.paused ? "paused" : "waiting for receipts: the outbox is full");
      await sleep(BACK_OFF_MS, stop);
      continue;
    }
    if (ports.state.activity.startsWith("waiting for receipts") || ports.state.activity === "paused")
      ports.state.say("idle");
    try {
      const taken = await takeTrialOrder(ports.bus, ports.machineId, { waitMs: TAKE_WAIT_MS, signal: stop });
      if (taken && !stop.aborted) await settle(ports, taken, stop);
    } catch (thrown) {
      if (stop.aborted) return;
      ports.log(`no work could be taken: ${messageOf(thrown)}`);
      await sleep(BACK_OFF_MS * (0.5 + Math.random()), stop);
      // The consumer is missing when the bus was wiped: announcing makes it again.
      // While nobody listens it can't; the next failure to take work tries it again.
      await ports.announce().catch(() => undefined);
    }
  }
}
