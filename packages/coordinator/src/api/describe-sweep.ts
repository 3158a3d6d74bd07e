// Rows of a sweep as the API shows them.
import { create } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { type Sweep, SweepSchema, SweepState, type Trial, TrialSchema, TrialState } from "@ozone/proto/sweep";
import { type TrialResult, Verdict } from "@ozone/proto/trial";
import { figures } from "@ozone/shared/figures";
import type { SweepStateName, TrialStateName } from "@ozone/shared/trial-state";
import { usableSamples } from "@ozone/shared/usable-samples";
import type { SweepRow, TargetRow } from "../store/sweeps.ts";
import type { TrialRow } from "../store/trials.ts";

const SWEEP_STATES: Readonly<Record<SweepStateName, SweepState>> = {
  running: SweepState.RUNNING,
  done: SweepState.DONE,
  cancelled: SweepState.CANCELLED,
  failed: SweepState.FAILED,
};
const TRIAL_STATES: Readonly<Record<TrialStateName, TrialState>> = {
  planned: TrialState.PLANNED,
  running: TrialState.RUNNING,
  done: TrialState.DONE,
  failed: TrialState.FAILED,
  cancelled: TrialState.CANCELLED,
};

/** What a sweep's message is made of. */
export interface SweepParts {
  readonly sweep: SweepRow;
  readonly counts: Record<TrialStateName, number>;
  readonly targets: readonly TargetRow[];
  /** Measuring time spent so far, summed per target. */
  readonly spentMs: ReadonlyMap<number, number>;
  /** Names of its machines that are paused and still have something to do. */
  readonly paused?: readonly string[];
  /** What keeps others of its machines from its trials. */
  readonly waiting?: readonly string[];
}

const pausedNotes = ({ sweep, paused = [] }: SweepParts): string[] =>
  sweep.state === "running"
    ? paused.map((name) => `${name} is paused: its trials wait for \`ozone machine resume ${name}\`.`)
    : [];

/**
 * Time left: for a time box what is left of it on the slowest target; for a grid the mean trial so far times what is
 * planned. Null when nothing is known.
 */
function remainingMs({ sweep, counts, targets, spentMs }: SweepParts): number | null {
  if (sweep.state !== "running") return 0;
  const spent = [...spentMs.values()];
  if (sweep.request.budgetMs > 0) {
    const open = targets.filter(({ finished }) => !finished);
    return Math.max(0, ...open.map(({ id }) => sweep.request.budgetMs - (spentMs.get(id) ?? 0)));
  }
  const ended = counts.done + counts.failed;
  if (ended === 0) return null;
  const total = spent.reduce((sum, ms) => sum + ms, 0);
  // Machines that share a search work side by side on what is planned.
  const hands = sweep.request.shareWithinClass ? targets.filter(({ finished }) => !finished).length : 1;
  return ((total / ended) * (counts.planned + counts.running)) / Math.max(1, hands);
}

/** Sweep row to message. */
export function describeSweep(parts: SweepParts): Sweep {
  const { sweep, counts, targets } = parts;
  const left = remainingMs(parts);
  return create(SweepSchema, {
    id: sweep.id,
    request: sweep.request,
    state: SWEEP_STATES[sweep.state],
    createdAt: timestampFromDate(sweep.createdAt),
    ...(sweep.finishedAt ? { finishedAt: timestampFromDate(sweep.finishedAt) } : {}),
    trialsPlanned: Object.values(counts).reduce((sum, trials) => sum + trials, 0),
    trialsRunning: counts.running,
    trialsDone: counts.done,
    trialsFailed: counts.failed,
    trialsCancelled: counts.cancelled,
    draining: sweep.state === "running" && Boolean(sweep.drainingSince),
    ...(left === null ? {} : { remainingMs: Math.round(left) }),
    notes: [
      ...new Set([...pausedNotes(parts), ...(parts.waiting ?? []), ...targets.flatMap(({ notes }) => notes)]),
    ],
  });
}

/** Trial row to message, with the figures of its last result if there is one. */
export function describeTrial(trial: TrialRow, modelName: string, results: readonly TrialResult[]): Trial {
  const result = results.filter(({ trialId }) => trialId === trial.id).at(-1);
  const samples = result ? usableSamples(result) : [];
  const { decodeTokensPerSecond, prefillTokensPerSecond, ttftMs } = figures(samples, []);
  return create(TrialSchema, {
    id: trial.id,
    sweepId: trial.sweepId,
    machineId: trial.machineId,
    modelName,
    configuration: trial.configuration,
    purpose: trial.purpose,
    state: TRIAL_STATES[trial.state],
    attempt: trial.attempt,
    reason: trial.reason,
    verdict: result?.verdict ?? Verdict.UNSPECIFIED,
    validSamples: samples.length,
    ...(trial.failureClass
      ? { failure: { failureClass: trial.failureClass, message: trial.failureMessage ?? "" } }
      : {}),
    ...(decodeTokensPerSecond ? { decodeTokensPerSecond: decodeTokensPerSecond.median } : {}),
    ...(prefillTokensPerSecond ? { prefillTokensPerSecond: prefillTokensPerSecond.median } : {}),
    ...(ttftMs ? { ttftMs: ttftMs.median } : {}),
  });
}
