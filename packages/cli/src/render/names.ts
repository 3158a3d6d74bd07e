// Enums of the wire format in words, and short names for things that have long ones.

import { Purpose } from "@ozone/proto/configuration";
import type { Engine } from "@ozone/proto/machine";
import { type Sweep, SweepState, TrialState } from "@ozone/proto/sweep";
import { Verdict } from "@ozone/proto/trial";
import { engineKindWords } from "@ozone/shared/provenance";
import { cleanText } from "./clean-text.ts";

const SWEEP_STATES: Readonly<Record<SweepState, string>> = {
  [SweepState.UNSPECIFIED]: "unknown",
  [SweepState.RUNNING]: "running",
  [SweepState.DONE]: "done",
  [SweepState.CANCELLED]: "cancelled",
  [SweepState.FAILED]: "failed",
};

const TRIAL_STATES: Readonly<Record<TrialState, string>> = {
  [TrialState.UNSPECIFIED]: "unknown",
  [TrialState.PLANNED]: "planned",
  [TrialState.RUNNING]: "running",
  [TrialState.DONE]: "done",
  [TrialState.FAILED]: "failed",
  [TrialState.CANCELLED]: "cancelled",
};

const PURPOSES: Readonly<Record<Purpose, string>> = {
  [Purpose.UNSPECIFIED]: "unknown",
  [Purpose.SCREEN]: "screen",
  [Purpose.CONFIRM]: "confirm",
  [Purpose.REFERENCE]: "reference",
};

const VERDICTS: Readonly<Record<Verdict, string>> = {
  [Verdict.UNSPECIFIED]: "unknown",
  [Verdict.VALID]: "valid",
  [Verdict.REJECTED]: "rejected",
  [Verdict.FAILED]: "failed",
};

/** State of a sweep, as the database has it. */
export const sweepStateWords = (state: SweepState): string => SWEEP_STATES[state] ?? "unknown";
/** State of a trial, as the database has it. */
export const trialStateWords = (state: TrialState): string => TRIAL_STATES[state] ?? "unknown";
/** Why a trial was run. */
export const purposeWords = (purpose: Purpose): string => PURPOSES[purpose] ?? "unknown";
/** What became of an attempt. */
export const verdictWords = (verdict: Verdict): string => VERDICTS[verdict] ?? "unknown";

/** "reference 0.1.0", "ollama 0.24.0". */
export function engineWords(engine: Engine | undefined): string {
  if (!engine) return "unknown";
  return `${engineKindWords(engine.kind)} ${cleanText(engine.version, 60)}`.trim();
}

/** "sha256:0123456789ab": enough to recognise a digest by. */
export const shortDigest = (digest: string): string =>
  cleanText(digest, 200).replace(/^(sha256:)?([0-9a-f]{12})[0-9a-f]+$/, "$1$2");

/** All trials of a sweep that are known so far (trials_planned counts every state), and how many have ended. */
export function sweepCounts(sweep: Sweep): { total: number; ended: number } {
  const ended = sweep.trialsDone + sweep.trialsFailed + sweep.trialsCancelled;
  return { total: Math.max(sweep.trialsPlanned, ended + sweep.trialsRunning), ended };
}
