// A target run to its end by the shipped planner on a machine of pure arithmetic, for tests of planning.
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Purpose } from "@ozone/proto/configuration";
import type { SweepRequest } from "@ozone/proto/sweep";
import { SampleSchema, type TrialResult } from "@ozone/proto/trial";
import type { TargetPlanner, TargetState } from "../store/target-state.ts";
import type { TrialRow } from "../store/trials.ts";
import { madeResult } from "./made-results.ts";
import { madeAnnouncement } from "./made-sweep.ts";

/** How the machine behaves. */
export interface MadePace {
  /** Decode rate of the n-th trial that is run, from 0. */
  readonly rateOf: (position: number) => number;
  readonly trialMs: number;
}

const TRIALS_MAX = 500;

function stateOf(
  request: SweepRequest,
  trials: readonly TrialRow[],
  results: readonly TrialResult[],
): TargetState {
  const announcement = madeAnnouncement("m-1");
  const at = new Date(0);
  return {
    sweep: { id: "s-1", name: "test", request, state: "running", createdAt: at, finishedAt: null },
    target: {
      id: 1,
      sweepId: "s-1",
      machineId: "m-1",
      modelName: "ozone-synthetic:4m",
      modelDigest: "sha256:abc",
      finished: false,
      notes: [],
      shareGroup: "",
      oddSince: null,
    },
    machine: { id: "m-1", announcement, activity: "idle", lastSeenAt: at, silentMs: 0, tags: [] },
    trials,
    results,
  };
}

function resultOf(trial: TrialRow, rate: number, atMs: number): TrialResult {
  const { configuration, protocol, purpose } = trial;
  const samples = protocol.repetitions * protocol.launches;
  const result = madeResult({
    trialId: trial.id,
    configuration,
    purpose,
    decode: Array.from({ length: samples }, () => rate),
    allowContended: protocol.allowContended,
    shorterPredicts: protocol.shorterPredicts,
  });
  result.startedAt = timestampFromMs(atMs);
  // The made sample of 64 tokens is no reference's; its rate is all that counts here.
  if (purpose === Purpose.REFERENCE) {
    result.samples = result.samples.map((sample) => create(SampleSchema, { ...sample, promptTokens: 128 }));
  }
  return result;
}

/** Runs a target. @returns its trials in the order in which they were run, their results, and the planner's notes. */
export function runTarget(planner: TargetPlanner, request: SweepRequest, pace: MadePace) {
  let trials: TrialRow[] = [];
  const results: TrialResult[] = [];
  const add = (planned: ReturnType<TargetPlanner["next"]>["trials"]): void => {
    const from = trials.length;
    trials = [
      ...trials,
      ...planned.map(
        (trial, index): TrialRow => ({
          ...trial,
          id: `t-${String(from + index).padStart(3, "0")}`,
          sweepId: "s-1",
          targetId: 1,
          machineId: "m-1",
          ordinal: from + index,
          forAnyone: false,
          state: "planned",
          attempt: 0,
          failedAttempts: 0,
          failureClass: null,
          failureMessage: null,
          endedAt: null,
        }),
      ),
    ];
  };
  const ran: TrialRow[] = [];
  for (let position = 0; position < TRIALS_MAX; position += 1) {
    const waiting = trials.filter(({ state }) => state === "planned");
    const state = stateOf(request, trials, results);
    if (waiting.length === 0) {
      const plan = planner.next(state);
      if (plan.trials.length === 0) return { ran, results, notes: plan.notes };
      add(plan.trials);
    } else {
      add(planner.between(state).trials);
    }
    const open = trials.filter((trial) => trial.state === "planned");
    const chosen = open.find(({ purpose }) => purpose === Purpose.REFERENCE) ?? open[0];
    if (!chosen) throw new Error("nothing is planned");
    const endedAt = new Date((ran.length + 1) * pace.trialMs);
    const done: TrialRow = { ...chosen, state: "done", attempt: 1, endedAt };
    trials = trials.map((trial) => (trial.id === chosen.id ? done : trial));
    results.push(resultOf(done, pace.rateOf(ran.length), ran.length * pace.trialMs));
    ran.push(done);
  }
  throw new Error(`the target did not end within ${TRIALS_MAX} trials`);
}
