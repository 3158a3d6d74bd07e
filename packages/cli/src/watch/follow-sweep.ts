// Follows a sweep until it ends, through restarts of the coordinator.
import { setTimeout as sleep } from "node:timers/promises";
import { type Sweep, SweepState } from "@ozone/proto/sweep";
import { SweepService } from "@ozone/proto/sweep_service";
import { type ErrorCode, OzoneError } from "@ozone/shared/errors";
import type { CoordinatorClient } from "../coordinator-client.ts";
import { Interrupted } from "../interruption.ts";
import { ENDED_TRIALS_GUIDE, endedTrialLine } from "../render/text-sweeps.ts";
import type { ProgressWriter } from "./progress-writer.ts";

/** One stream lives no longer than this; then it is opened again. */
const STREAM_MS = 600_000;

/** A coordinator that is away for longer is given up; the sweep is not. */
const AWAY_MS = 90_000;

const RETRY_MS = 500;

const CONNECTION_TROUBLE: ReadonlySet<ErrorCode> = new Set(["unavailable", "deadline_exceeded", "cancelled"]);

/** What is followed, and how. */
export interface FollowOptions {
  /** Finds the coordinator again each time: after a restart it may have another port. */
  readonly connect: () => CoordinatorClient;
  readonly sweepId: string;
  readonly writer: ProgressWriter;
  readonly signal: AbortSignal;
  /** How long the coordinator may be away, in milliseconds. */
  readonly awayMs?: number;
}

/** A sweep that has ended, and how many samples of it may be used. */
export interface FollowedSweep {
  readonly sweep: Sweep;
  readonly usableSamples: number;
}

/**
 * Shows progress until the sweep has ended, and returns it.
 * @throws OzoneError cancelled when the signal came first; unavailable when the coordinator stayed away.
 */
export async function followSweep(options: FollowOptions): Promise<FollowedSweep> {
  const { writer, signal, awayMs = AWAY_MS } = options;
  const told: Told = new Map();
  let seenAt = performance.now();
  let isAway = false;
  writer.note(ENDED_TRIALS_GUIDE);
  for (;;) {
    if (signal.aborted) throw new Interrupted();
    try {
      const sweep = await watchOnce(options, told, () => {
        seenAt = performance.now();
        if (isAway) writer.note("the coordinator is back");
        isAway = false;
      });
      if (sweep) return { sweep, usableSamples: [...told.values()].reduce((sum, count) => sum + count, 0) };
    } catch (thrown) {
      const error = OzoneError.from(thrown);
      if (signal.aborted) throw new Interrupted(error);
      if (!CONNECTION_TROUBLE.has(error.code) || performance.now() - seenAt > awayMs) throw error;
      if (!isAway && error.code !== "deadline_exceeded") {
        writer.note("the coordinator does not answer; the sweep is safe, trying again");
        isAway = true;
      }
    }
    await sleep(RETRY_MS);
  }
}

/** Trials that have been shown, with their usable samples. */
type Told = Map<string, number>;

async function watchOnce(
  { connect, sweepId, writer, signal }: FollowOptions,
  told: Told,
  onMessage: () => void,
): Promise<Sweep | null> {
  const client = connect();
  try {
    const messages = client.stream(
      SweepService.method.watchSweep,
      { sweepId },
      { timeoutMs: STREAM_MS, signal },
    );
    for await (const { sweep, running, activities, ended } of messages) {
      if (!sweep) continue;
      onMessage();
      for (const trial of ended.filter(({ id }) => !told.has(id))) {
        told.set(trial.id, trial.validSamples);
        writer.note(endedTrialLine(trial));
      }
      if (sweep.state !== SweepState.RUNNING) return sweep;
      writer.show({ sweep, running, activities });
    }
    return null;
  } finally {
    client.close();
  }
}
