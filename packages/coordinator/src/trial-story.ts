// What becomes of trials, told as it happens: to the log, with the ids that a person searches for, and to a collector of
// traces where one was named.
import { ReceiptOutcome, type TrialOrder, type TrialResult, Verdict } from "@ozone/proto/trial";
import { attemptKey, sweepKey, type Tracing } from "@ozone/shared/tracing";
import type { Logger } from "pino";
import type { Recorded } from "./intake/record-results.ts";
import { type LineLimit, limitLines } from "./line-limit.ts";
import { presetKeyText } from "./presets/refresh-presets.ts";
import { type AttemptRef, attemptOpenedAt } from "./store/attempts.ts";
import type { Store } from "./store/open-store.ts";
import type { PresetKey } from "./store/results.ts";
import { findSweep } from "./store/sweeps.ts";

/** Told by the tasks. */
export interface TrialStory {
  orderPublished(order: TrialOrder): void;
  leaseEnded(attempt: AttemptRef): void;
  resultsRecorded(recorded: readonly Recorded[], tookMs: number): void;
  presetsChosen(key: PresetKey, tookMs: number): void;
  sweepsEnded(sweepIds: readonly string[]): void;
}

interface Teller {
  readonly log: Logger;
  readonly tracing: Tracing;
  readonly store: Store;
}

/** A result after which presets are chosen again. */
type Cause = Pick<TrialResult, "sweepId" | "trialId" | "attempt">;

/** More results than this may have come before presets are chosen once: the first of them stand for all. */
const CAUSES_MAX = 64;

/** Of results of one machine that were not stored. */
const LINES_PER_MINUTE = 20;

const VERDICTS: Readonly<Record<Verdict, string>> = {
  [Verdict.UNSPECIFIED]: "unknown",
  [Verdict.VALID]: "valid",
  [Verdict.REJECTED]: "rejected",
  [Verdict.FAILED]: "failed",
};

const idsOf = ({ sweepId, trialId, attempt, machineId }: Cause & { machineId: string }) => ({
  sweep_id: sweepId,
  trial_id: trialId,
  attempt,
  machine_id: machineId,
});

/** A refused message may name nothing; what it names is only said, never believed. */
function logRecorded(log: Logger, limit: LineLimit, recorded: Recorded): void {
  const { receipt, result, countedAs, reason } = recorded;
  const { machineId } = recorded.arrived;
  const fields = {
    ...(result ? { sweep_id: result.sweepId } : {}),
    ...(receipt ? { trial_id: receipt.trialId, attempt: receipt.attempt } : {}),
    machine_id: machineId,
  };
  const outcome = countedAs.replaceAll("_", " ");
  if (receipt?.outcome === ReceiptOutcome.STORED && result) {
    log.info({ ...fields, verdict: VERDICTS[result.verdict] }, "result stored");
    return;
  }
  // A trial is stored once; what is not stored may come as often as its sender likes.
  const leftOut = limit.admit(machineId);
  if (leftOut === null) return;
  const more = leftOut === 0 ? {} : { lines_left_out: leftOut };
  log.warn({ ...fields, reason, ...more }, `result not stored: ${outcome}`);
}

const failureOf = ({ verdict, failure }: TrialResult): string | undefined =>
  verdict === Verdict.FAILED ? (failure?.failureClass ?? "failed") : undefined;

async function traceOrder({ tracing, store }: Teller, order: TrialOrder, endedAtMs: number): Promise<void> {
  const { sweepId, trialId, attempt, machineId } = order;
  const openedAt = await attemptOpenedAt(store.db, { trialId, number: attempt });
  tracing.record({
    ...{ sweepId, name: "order", key: null, parent: attemptKey(trialId, attempt), endedAtMs },
    startedAtMs: openedAt?.getTime() ?? endedAtMs,
    attributes: { "ozone.machine.id": machineId },
  });
}

async function traceResult(
  { tracing, store }: Teller,
  result: TrialResult,
  { endedAtMs, tookMs }: { endedAtMs: number; tookMs: number },
): Promise<void> {
  const { sweepId, trialId, attempt, machineId, modelName, verdict } = result;
  const key = attemptKey(trialId, attempt);
  const openedAt = await attemptOpenedAt(store.db, { trialId, number: attempt });
  const attributes = {
    "ozone.trial.id": trialId,
    "ozone.trial.attempt": attempt,
    "ozone.machine.id": machineId,
    "ozone.model.name": modelName,
    "ozone.trial.verdict": VERDICTS[verdict],
  };
  tracing.record({
    ...{ sweepId, name: "attempt", key, parent: sweepKey(sweepId), attributes, endedAtMs },
    startedAtMs: openedAt?.getTime() ?? endedAtMs,
    failure: failureOf(result),
  });
  const startedAtMs = endedAtMs - tookMs;
  tracing.record({ sweepId, name: "intake", key: null, parent: key, startedAtMs, endedAtMs, attributes: {} });
}

async function traceSweep({ tracing, store }: Teller, sweepId: string): Promise<void> {
  const sweep = await findSweep(store.db, sweepId);
  if (!sweep) return;
  tracing.record({
    ...{ sweepId, name: "sweep", key: sweepKey(sweepId), parent: null },
    startedAtMs: sweep.createdAt.getTime(),
    endedAtMs: (sweep.finishedAt ?? new Date()).getTime(),
    attributes: { "ozone.sweep.name": sweep.name, "ozone.sweep.state": sweep.state },
    failure: sweep.state === "failed" ? "failed" : undefined,
  });
}

/** Tells it. A trace that can't be made is left out: nothing waits for it. */
export function tellTrials(teller: Teller): TrialStory {
  const { log, tracing } = teller;
  const limit = limitLines({ lines: LINES_PER_MINUTE, perMs: 60_000, now: () => performance.now() });
  const causes = new Map<string, Cause[]>();
  const trace = (make: () => Promise<void>): void => {
    if (tracing.isOn) make().catch(() => undefined);
  };
  const remember = (key: PresetKey, result: TrialResult): void => {
    const text = presetKeyText(key);
    const known = causes.get(text) ?? [];
    if (known.length < CAUSES_MAX) causes.set(text, [...known, result]);
  };
  return {
    orderPublished(order) {
      log.info({ ...idsOf(order), model: order.modelName }, "order published");
      const now = Date.now();
      trace(() => traceOrder(teller, order, now));
    },
    leaseEnded: ({ trialId, number, machineId }) =>
      log.warn({ trial_id: trialId, attempt: number, machine_id: machineId }, "lease ended without a result"),
    resultsRecorded(recorded, tookMs) {
      const times = { endedAtMs: Date.now(), tookMs };
      for (const one of recorded) {
        logRecorded(log, limit, one);
        const { result, touched } = one;
        if (!result || !touched || !tracing.isOn) continue;
        remember(touched, result);
        trace(() => traceResult(teller, result, times));
      }
    },
    presetsChosen(key, tookMs) {
      const endedAtMs = Date.now();
      for (const { sweepId, trialId, attempt } of causes.get(presetKeyText(key)) ?? []) {
        const parent = attemptKey(trialId, attempt);
        const attributes = {
          "ozone.hardware_class": key.hardwareClass,
          "ozone.model.digest": key.modelDigest,
        };
        const startedAtMs = endedAtMs - tookMs;
        tracing.record({ sweepId, name: "presets", key: null, parent, startedAtMs, endedAtMs, attributes });
      }
      causes.delete(presetKeyText(key));
    },
    sweepsEnded(sweepIds) {
      for (const id of sweepIds) {
        log.info({ sweep_id: id }, "sweep ended");
        trace(() => traceSweep(teller, id));
      }
    },
  };
}
