// What a collector of traces gets of the trials that this machine runs: the wait for the host, the measuring, the way of the
// result to its receipt.
import type { TrialOrder, TrialResult } from "@ozone/proto/trial";
import { attemptKey, type Tracing } from "@ozone/shared/tracing";

/** Told by whoever takes, measures and sends. */
export interface TrialTraces {
  /** @returns what to call when the host is ours, and with the result once it is safe on the disk */
  taken(order: TrialOrder): { hostIsOurs(): void; saved(result: TrialResult): void };
  /** A receipt came. */
  receipted(trialId: string, attempt: number, outcome: string): void;
}

/** Results that wait for their receipt: the outbox has no more. */
const WAITING_MAX = 1_000;

interface Waiting {
  readonly sweepId: string;
  readonly sinceMs: number;
}

/** Tells a collector. What a restart forgot, it does not make up. */
export function traceTrials(tracing: Tracing): TrialTraces {
  const waiting = new Map<string, Waiting>();
  const nameOf = (trialId: string, attempt: number) => JSON.stringify([trialId, attempt]);
  return {
    taken({ sweepId, trialId, attempt, machineId, modelName }) {
      const parent = attemptKey(trialId, attempt);
      const attributes = { "ozone.machine.id": machineId, "ozone.model.name": modelName };
      let sinceMs = Date.now();
      const record = (name: string, failure?: string) => {
        const endedAtMs = Date.now();
        tracing.record({
          ...{ sweepId, name, key: null, parent, attributes, failure },
          startedAtMs: sinceMs,
          endedAtMs,
        });
        sinceMs = endedAtMs;
      };
      return {
        hostIsOurs: () => record("wait for the host"),
        saved({ failure }) {
          record("measure", failure?.failureClass);
          if (tracing.isOn && waiting.size < WAITING_MAX)
            waiting.set(nameOf(trialId, attempt), { sweepId, sinceMs });
        },
      };
    },
    receipted(trialId, attempt, outcome) {
      const found = waiting.get(nameOf(trialId, attempt));
      if (!found) return;
      waiting.delete(nameOf(trialId, attempt));
      tracing.record({
        ...{ sweepId: found.sweepId, name: "deliver", key: null, parent: attemptKey(trialId, attempt) },
        startedAtMs: found.sinceMs,
        endedAtMs: Date.now(),
        attributes: { "ozone.receipt": outcome },
      });
    },
  };
}
