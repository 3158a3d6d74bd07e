// Answers what machines say on the bus: announcements, heartbeats, questions about applying. How much of it is read is
// decided at the gate (fleet/control-gate.ts).
import { onAnnouncement, onApplyingQuestion, onHeartbeat } from "@ozone/shared/bus";
import { messageOf } from "@ozone/shared/errors";
import { openControlGate, type Refused } from "./fleet/control-gate.ts";
import { acceptAnnouncement, acceptHeartbeat } from "./fleet/machines-online.ts";
import { pipesOfMachines } from "./fleet/pipes-of-machines.ts";
import { limitLines } from "./line-limit.ts";
import { answerAgent } from "./rollouts/answer-agents.ts";
import type { Running } from "./services.ts";
import { barredOf } from "./store/machine-identities.ts";

/** What the door needs. */
export interface DoorPorts extends Pick<Running, "store" | "bus" | "changes" | "leaseMs" | "onError"> {
  readonly tasks: Pick<Running["tasks"], "wake" | "applyingWaits">;
  /** Told of each message that is not read; nobody, where nobody counts. */
  readonly onRefused?: ((refused: Refused) => void) | undefined;
  /** Monotonic, in milliseconds. */
  readonly now?: () => number;
}

/** Dispatch looks every second by itself: what machines say makes it look twice as often at most. */
const WAKE_EVERY_MS = 1_000;
/** Who watches looks twice a second by itself. */
const NOTIFY_EVERY_MS = 250;
/** Of failures with the messages of one machine. */
const LINES_PER_MINUTE = 20;
/** A query that failed is told with its values, which are the machine's. */
const REASON_MAX = 500;

/** Does it now, or leaves it out because it was done a moment ago. */
function atMostEvery(ms: number, now: () => number, act: () => void): () => void {
  let doneAtMs = Number.NEGATIVE_INFINITY;
  return () => {
    if (now() - doneAtMs < ms) return;
    doneAtMs = now();
    act();
  };
}

/** Answers machines. */
export function listenToFleet(ports: DoorPorts): () => void {
  const { store, bus, tasks, changes, leaseMs, onError, onRefused, now = () => performance.now() } = ports;
  const gate = openControlGate(now, (refused) => onRefused?.(refused));
  const lines = limitLines({ lines: LINES_PER_MINUTE, perMs: 60_000, now });
  const reported = (machineId: string) => (thrown: unknown) => {
    if (lines.admit(machineId) !== null)
      onError("fleet", new Error(`${machineId}: ${messageOf(thrown).slice(0, REASON_MAX)}`));
    throw thrown;
  };
  const pipes = pipesOfMachines(bus, leaseMs, now);
  const wake = atMostEvery(WAKE_EVERY_MS, now, () => tasks.wake());
  const notify = atMostEvery(NOTIFY_EVERY_MS, now, () => changes.notify());

  const endAnnouncements = onAnnouncement(
    bus,
    async (machineId, message) => {
      const accepting = acceptAnnouncement(store, { machineId, message, leaseMs });
      const { reply, changed } = await accepting.catch(reported(machineId));
      const isNew = reply.accepted && (await pipes.machineAnnounced(machineId));
      if (changed || isNew) wake();
      notify();
      return reply;
    },
    gate.admit("announcement"),
  );
  const endHeartbeats = onHeartbeat(
    bus,
    async (machineId, message) => {
      const applyingWaits = tasks.applyingWaits(machineId);
      const accepting = acceptHeartbeat(store, { machineId, message, leaseMs, applyingWaits });
      const reply = await accepting.catch(reported(machineId));
      notify();
      return reply;
    },
    gate.admit("heartbeat"),
  );
  const endApplying = onApplyingQuestion(
    bus,
    async (machineId, message) => {
      if ((await barredOf(store.db, [machineId])).size > 0) throw new Error(`${machineId} is not let in`);
      const { answer, changed } = await answerAgent(store, machineId, message).catch(reported(machineId));
      if (changed) wake();
      if (changed) notify();
      return answer;
    },
    gate.admit("applying"),
  );
  return () => {
    endAnnouncements();
    endHeartbeats();
    endApplying();
    gate.close();
  };
}
