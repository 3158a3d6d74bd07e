// Sends what waits in the outbox until each has its receipt. Lost results and lost receipts look the same from here and
// are cured the same way: send again, with growing pauses.
import { type Receipt, ReceiptOutcome } from "@ozone/proto/trial";
import { type Bus, isTooLarge, onReceipt, publishResultBytes, resultBytesMax } from "@ozone/shared/bus";
import { messageOf } from "@ozone/shared/errors";
import type { Log } from "../log.ts";
import { createPause } from "../pause.ts";
import type { TrialTraces } from "../trial-traces.ts";
import { attemptKey, type Journal, type JournalEntry } from "./journal.ts";
import { attemptOfKey, type Outbox, outboxKey } from "./outbox.ts";
import { replaceTooLarge } from "./too-large.ts";

const RECEIPT_WAIT_FIRST_MS = 2_000;
const RECEIPT_WAIT_MAX_MS = 30_000;
const IDLE_MS = 60_000;

const EVENTS: Readonly<Record<ReceiptOutcome, JournalEntry["event"] | null>> = {
  [ReceiptOutcome.UNSPECIFIED]: null,
  [ReceiptOutcome.STORED]: "stored",
  [ReceiptOutcome.DUPLICATE]: "duplicate",
  [ReceiptOutcome.STALE]: "stale",
  [ReceiptOutcome.REFUSED]: "refused",
};

/** What sending needs. */
export interface SendingPorts {
  readonly bus: Bus;
  readonly machineId: string;
  readonly outbox: Outbox;
  readonly journal: Journal;
  readonly log: Log;
  /** The machine's key signs each result; absent: it has none. */
  readonly sign?: ((payload: Uint8Array) => Uint8Array) | undefined;
  /** Who traces trials; absent: nobody. */
  readonly traces?: TrialTraces | undefined;
}

/** A sender at work. */
export interface Sender {
  /** A result was put into the outbox. */
  wake(): void;
  stop(): Promise<void>;
}

async function settle({ outbox, journal, log, traces }: SendingPorts, receipt: Receipt): Promise<void> {
  const event = EVENTS[receipt.outcome];
  const key = outboxKey(receipt.trialId, receipt.attempt);
  // A receipt that is not for us, or for the second sending of the same result.
  if (!event || !outbox.pending().includes(key)) return;
  const { trialId, attempt, reason } = receipt;
  await journal.settled({
    event,
    attempt: attemptKey(trialId, attempt),
    ...(reason === "" ? {} : { reason }),
  });
  await outbox.forget(key);
  traces?.receipted(trialId, attempt, event);
  const about = { trial_id: trialId, attempt };
  log(`result ${key}: ${event}${reason === "" ? "" : `: ${reason}`}`, about);
}

/** Sends one, or what goes in its place when it is larger than the bus takes, which is smaller each time. */
async function send(ports: SendingPorts, key: string, payload: Uint8Array): Promise<void> {
  const { bus, machineId, outbox, sign } = ports;
  if (payload.length <= resultBytesMax(bus)) {
    try {
      const signature = sign?.(payload) ?? null;
      await publishResultBytes(bus, machineId, { ...attemptOfKey(key), payload, signature });
      return;
    } catch (thrown) {
      if (!isTooLarge(thrown) || !outbox.pending().includes(key)) throw thrown;
    }
  }
  const small = await replaceTooLarge(ports, key, payload);
  if (small) await send(ports, key, small);
}

/** What a sender remembers of results that gave trouble, as long as they wait. */
interface Troubles {
  /** How often each could not be sent since it last was. */
  readonly failures: Map<string, number>;
  /** Told of once. */
  readonly unreadable: Set<string>;
}

/** Those that failed go last: one that fails every time must not keep the others from being sent. */
function inOrder(pending: readonly string[], { failures, unreadable }: Troubles): string[] {
  for (const key of failures.keys()) if (!pending.includes(key)) failures.delete(key);
  for (const key of unreadable) if (!pending.includes(key)) unreadable.delete(key);
  return pending.toSorted((a, b) => (failures.get(a) ?? 0) - (failures.get(b) ?? 0));
}

async function readOne({ outbox, log }: SendingPorts, key: string, { unreadable }: Troubles) {
  try {
    const payload = await outbox.read(key);
    unreadable.delete(key);
    return payload;
  } catch (thrown) {
    if (!unreadable.has(key))
      log(
        `result ${key} can't be read (${messageOf(thrown)}); it stays in the outbox and is sent when it can be`,
      );
    unreadable.add(key);
    return null;
  }
}

async function sendAll(ports: SendingPorts, troubles: Troubles): Promise<void> {
  const { outbox, log } = ports;
  const { failures } = troubles;
  for (const key of inOrder(outbox.pending(), troubles)) {
    const payload = await readOne(ports, key, troubles);
    if (!payload) continue;
    try {
      await send(ports, key, payload);
      failures.delete(key);
    } catch (thrown) {
      failures.set(key, (failures.get(key) ?? 0) + 1);
      log(`result ${key} could not be sent (${messageOf(thrown)}); it is kept and sent again`);
      // Most likely the bus is away, and takes no other now either.
      return;
    }
  }
}

/** Starts sending. */
export function startSender(ports: SendingPorts): Sender {
  let stopped = false;
  let woken = false;
  const pause = createPause();
  const troubles: Troubles = { failures: new Map(), unreadable: new Set() };
  const wake = () => {
    woken = true;
    pause.end();
  };
  const unsubscribe = onReceipt(ports.bus, ports.machineId, (receipt) => {
    settle(ports, receipt).catch((thrown: unknown) =>
      ports.log(`a receipt could not be noted: ${messageOf(thrown)}`),
    );
  });

  async function loop(): Promise<void> {
    let waitMs = RECEIPT_WAIT_FIRST_MS;
    while (!stopped) {
      const before = ports.outbox.pending().length;
      woken = false;
      await sendAll(ports, troubles).catch((thrown: unknown) => ports.log(`outbox: ${messageOf(thrown)}`));
      if (stopped || woken) continue;
      await pause.wait(ports.outbox.pending().length === 0 ? IDLE_MS : waitMs);
      const progress = ports.outbox.pending().length < before || woken;
      waitMs = progress ? RECEIPT_WAIT_FIRST_MS : Math.min(RECEIPT_WAIT_MAX_MS, waitMs * 2);
    }
  }

  const running = loop();
  return {
    wake,
    async stop() {
      stopped = true;
      pause.end();
      await running;
      unsubscribe();
    },
  };
}
