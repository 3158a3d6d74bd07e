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
import type { CurrentWork, WorkState } from "./control/work-state.ts";
import type { IdleGuard } from "./guard/idle-guard.ts";
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
  /** An order was taken, and its lease is to be kept from now on; or given back, and is not. */
  readonly onTaken: () => void;
  /** The bus does not know us (any more). */
  readonly announce: () => Promise<void>;
  readonly log: Log;
  /** Who traces trials; absent: nobody. */
  readonly traces?: TrialTraces | undefined;
  /** Who is at the machine; absent: it works whoever is. */
  readonly guard?: Guarding;
}

/** What the guard has to do with trials. */
export interface Guarding extends Pick<IdleGuard, "waits" | "trialBegins" | "trialEnds"> {
  /** Undoes what an interrupted trial could not undo itself. @returns sentences for the log */
  tidyUp(stop: AbortSignal): Promise<string[]>;
}

/** What became of an order: out of the pipe, kept for the next start, or given back for later. */
type Ending = "settled" | "kept" | "given back";

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

/** What an end before the result means: stopped, it is delivered again; cancelled, nothing was measured. */
const endOf = ({ interrupted }: CurrentWork, stop: AbortSignal): Ending =>
  stop.aborted ? "kept" : interrupted ? "given back" : "settled";

async function work(ports: TakingPorts, order: TrialOrder, stop: AbortSignal): Promise<Ending> {
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
  if (!lock) return endOf(current, stop);
  traced?.hostIsOurs();
  try {
    if (signal.aborted) return endOf(current, stop);
    const result = await measure(ports, order, { current, signal, stop });
    if (stop.aborted) return "kept";
    if (result === null) return "given back";
    if (!(await keep(ports, result, stop))) return "kept";
    traced?.saved(result);
    return "settled";
  } finally {
    await lock.release();
  }
}

/** @returns null when somebody needed the machine: nothing was measured to the end */
async function measure(
  { guard, runTrial, state, log }: TakingPorts,
  order: TrialOrder,
  {
    current,
    signal,
    stop,
  }: { readonly current: CurrentWork; readonly signal: AbortSignal; readonly stop: AbortSignal },
): Promise<TrialResult | null> {
  guard?.trialBegins(order.modelName);
  try {
    const result = await runTrial(order, signal);
    if (!current.interrupted || result.failure?.failureClass !== "cancelled") return result;
    // Its samples go: those of an attempt share their loads and their conditions, so that it is made anew as a whole.
    state.say("giving the machine back");
    for (const sentence of (await guard?.tidyUp(stop)) ?? []) log(sentence);
    return null;
  } finally {
    guard?.trialEnds();
  }
}

async function settle(ports: TakingPorts, taken: TakenOrder, stop: AbortSignal): Promise<void> {
  const { order } = taken;
  if (ports.journal.isFinished(order.trialId, order.attempt)) return taken.done();
  // It came while somebody sat down.
  if (ports.guard?.waits) return taken.giveBack();
  const alive = setInterval(() => taken.working(), workingIntervalMs(order.leaseMs || LEASE_MS));
  try {
    ports.log(`trial ${order.trialId} attempt ${order.attempt}: ${order.modelName}`, idsOf(order));
    const ending = await work(ports, order, stop);
    if (ending === "given back") {
      ports.log(
        `trial ${order.trialId} attempt ${order.attempt} is given back, to be run later`,
        idsOf(order),
      );
      taken.giveBack();
      ports.state.end();
      ports.onTaken();
    }
    if (ending === "settled") {
      taken.done();
      ports.onFinished();
    }
  } finally {
    clearInterval(alive);
    ports.state.end();
  }
}

/** Why no order is to be taken now, in words; null: none of our own reasons. What the guard sees is said by itself. */
function whyNoOrder({ state, outbox }: TakingPorts): string | null {
  if (state.paused) return "paused";
  return outbox.pending().length >= OUTBOX_MAX ? "waiting for receipts: the outbox is full" : null;
}

/** Takes trials until `stop` aborts. Never throws: what fails is logged, backed off from, and tried again. */
export async function takeTrials(ports: TakingPorts, stop: AbortSignal): Promise<void> {
  let said: string | null = null;
  while (!stop.aborted) {
    const because = whyNoOrder(ports);
    // What an order to apply says meanwhile stays.
    if (because !== null) ports.state.say(because);
    else if (ports.state.activity === said) ports.state.say("idle");
    said = because;
    if (because !== null || ports.guard?.waits) {
      await sleep(BACK_OFF_MS, stop);
      continue;
    }
    try {
      const taken = await takeTrialOrder(ports.bus, ports.machineId, { waitMs: TAKE_WAIT_MS, signal: stop });
      if (taken && !stop.aborted) await settle(ports, taken, stop);
    } catch (thrown) {
      if (stop.aborted) return;
      ports.log(`no work could be taken: ${messageOf(thrown)}`);
      await sleep(BACK_OFF_MS * (0.5 + Math.random()), stop);
      // The consumer is missing when the bus was wiped: announcing once more within half a minute makes it again.
      // While nobody listens it can't; the next failure to take work tries it again.
      await ports.announce().catch(() => undefined);
    }
  }
}
