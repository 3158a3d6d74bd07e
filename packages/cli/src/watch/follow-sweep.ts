// Follows a sweep until it ends, through restarts of the coordinator.
import { type Sweep, SweepState } from "@ozone/proto/sweep";
import { SweepService } from "@ozone/proto/sweep_service";
import type { CoordinatorClient } from "../coordinator-client.ts";
import { ENDED_TRIALS_GUIDE, endedTrialLine } from "../render/text-sweeps.ts";
import type { ProgressWriter } from "./progress-writer.ts";
import { throughRestarts } from "./through-restarts.ts";

/** One stream lives no longer than this; then it is opened again. */
const STREAM_MS = 600_000;

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
  const { writer, signal, awayMs } = options;
  const told: Told = new Map();
  writer.note(ENDED_TRIALS_GUIDE);
  const sweep = await throughRestarts({
    what: "the sweep",
    ...{ signal, awayMs },
    watchOnce: (onMessage) => watchOnce(options, told, onMessage),
    note: (line) => writer.note(line),
  });
  return { sweep, usableSamples: [...told.values()].reduce((sum, count) => sum + count, 0) };
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
