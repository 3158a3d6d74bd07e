// What to do with a result that arrived: a pure decision, made inside the transaction that acts on it.
import { ReceiptOutcome, type TrialResult, Verdict } from "@ozone/proto/trial";
import { isFailureClass, WORTH_ANOTHER_ATTEMPT } from "@ozone/shared/failure";
import { ATTEMPTS_PER_TRIAL } from "@ozone/shared/limits";
import { nextTrialState, type TrialStateName } from "@ozone/shared/trial-state";

/** The trial as locked. */
export interface LockedTrial {
  readonly machineId: string;
  readonly state: TrialStateName;
  /** The newest attempt: the fencing token. */
  readonly attempt: number;
  readonly failedAttempts: number;
}

/** Stored results move their trial; the others change nothing. */
export type IntakeDecision =
  | { readonly outcome: ReceiptOutcome.REFUSED | ReceiptOutcome.STALE; readonly reason: string }
  | { readonly outcome: ReceiptOutcome.DUPLICATE }
  | {
      readonly outcome: ReceiptOutcome.STORED;
      readonly state: TrialStateName;
      readonly failedAttempts: number;
      readonly failure: { failureClass: string; message: string } | null;
    };

/**
 * Decides about one result.
 * @param trial null when there is no such trial.
 * @param alreadyStored whether this very attempt has been stored.
 */
export function decideIntake(
  trial: LockedTrial | null,
  result: TrialResult,
  alreadyStored: boolean,
): IntakeDecision {
  if (!trial) return { outcome: ReceiptOutcome.REFUSED, reason: `There is no trial ${result.trialId}.` };
  if (trial.machineId !== result.machineId) {
    return { outcome: ReceiptOutcome.REFUSED, reason: `Trial ${result.trialId} belongs to another machine.` };
  }
  if (alreadyStored) return { outcome: ReceiptOutcome.DUPLICATE };
  if (result.attempt !== trial.attempt) {
    return {
      outcome: ReceiptOutcome.STALE,
      reason: `Attempt ${result.attempt} was given up; attempt ${trial.attempt} counts.`,
    };
  }
  return decideMove(trial, result);
}

const MESSAGE_MAX = 2_000;

/** What a screen shows of a failure; the result's own bytes have all of it. Postgres takes no NUL. */
const shortened = (message: string): string => message.replaceAll("\0", "").slice(0, MESSAGE_MAX);

function decideMove(trial: LockedTrial, result: TrialResult): IntakeDecision {
  const failed = result.verdict === Verdict.FAILED;
  const failedAttempts = trial.failedAttempts + (failed ? 1 : 0);
  const failureClass = result.failure?.failureClass ?? "internal";
  const again =
    failed &&
    isFailureClass(failureClass) &&
    WORTH_ANOTHER_ATTEMPT.has(failureClass) &&
    failedAttempts < ATTEMPTS_PER_TRIAL;
  const state = nextTrialState(trial.state, failed ? (again ? "retry" : "gave_up") : "result");
  if (state === null) {
    return { outcome: ReceiptOutcome.STALE, reason: `Trial ${result.trialId} has ended: ${trial.state}.` };
  }
  const failure = failed ? { failureClass, message: shortened(result.failure?.message ?? "") } : null;
  return { outcome: ReceiptOutcome.STORED, state, failedAttempts, failure };
}
