// Answers what machines say on the bus: announcements, heartbeats, questions about applying.
import {
  ensureStreams,
  ensureWorkConsumer,
  onAnnouncement,
  onApplyingQuestion,
  onHeartbeat,
} from "@ozone/shared/bus";
import { acceptAnnouncement, acceptHeartbeat } from "./fleet/machines-online.ts";
import { answerAgent } from "./rollouts/answer-agents.ts";
import type { Running } from "./services.ts";
import { barredOf } from "./store/machine-identities.ts";

/** Answers machines. */
export function listenToFleet({
  store,
  bus,
  tasks,
  changes,
  leaseMs,
  onError,
}: Pick<Running, "store" | "bus" | "tasks" | "changes" | "leaseMs" | "onError">): () => void {
  const reported = (thrown: unknown) => {
    onError("fleet", thrown);
    throw thrown;
  };
  const endAnnouncements = onAnnouncement(bus, async (machineId, message) => {
    const reply = await acceptAnnouncement(store, { machineId, message, leaseMs }).catch(reported);
    if (reply.accepted) {
      await ensureStreams(bus);
      await ensureWorkConsumer(bus, machineId, leaseMs);
    }
    tasks.wake();
    changes.notify();
    return reply;
  });
  const endHeartbeats = onHeartbeat(bus, async (machineId, message) => {
    const applyingWaits = tasks.applyingWaits(machineId);
    const reply = await acceptHeartbeat(store, { machineId, message, leaseMs, applyingWaits }).catch(
      reported,
    );
    changes.notify();
    return reply;
  });
  const endApplying = onApplyingQuestion(bus, async (machineId, message) => {
    if ((await barredOf(store.db, [machineId])).size > 0) throw new Error(`${machineId} is not let in`);
    const { answer, changed } = await answerAgent(store, machineId, message).catch(reported);
    if (changed) tasks.wake();
    if (changed) changes.notify();
    return answer;
  });
  return () => {
    endAnnouncements();
    endHeartbeats();
    endApplying();
  };
}
