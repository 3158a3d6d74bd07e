// Sends what waits in the outbox until each has its receipt. Lost results and lost receipts look the same from here and
// are cured the same way: send again, with growing pauses.
import { type Receipt, ReceiptOutcome } from "@ozone/proto/trial";
import { type Bus, onReceipt, publishResultBytes } from "@ozone/shared/bus";
import { messageOf } from "@ozone/shared/errors";
import type { Log } from "../log.ts";
import { createPause } from "../pause.ts";
import type { TrialTraces } from "../trial-traces.ts";
import { attemptKey, type Journal, type JournalEntry } from "./journal.ts";
import { attemptOfKey, type Outbox, outboxKey } from "./outbox.ts";

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

async function sendAll({ bus, machineId, outbox, log, sign }: SendingPorts): Promise<void> {
  for (const key of outbox.pending()) {
    const payload = await outbox.read(key);
    if (!payload) continue;
    try {
      const signature = sign?.(payload) ?? null;
      await publishResultBytes(bus, machineId, { ...attemptOfKey(key), payload, signature });
    } catch (thrown) {
      log(`result ${key} could not be sent (${messageOf(thrown)}); it is kept and sent again`);
      return;
    }
  }
}

/** Starts sending. */
export function startSender(ports: SendingPorts): Sender {
  let stopped = false;
  let woken = false;
  const pause = createPause();
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
      await sendAll(ports).catch((thrown: unknown) => ports.log(`outbox: ${messageOf(thrown)}`));
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
