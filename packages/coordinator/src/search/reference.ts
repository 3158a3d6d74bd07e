// The drift reference: one small trial that is always the same, so that its rates tell the machine's changes of speed
// from those of the configurations (measurement.md, step 8).
import { create } from "@bufbuild/protobuf";
import { ProtocolSchema, Purpose } from "@ozone/proto/configuration";
import { configuration } from "@ozone/shared/configuration";
import { baseConfiguration } from "./option-space.ts";
import type { Proposal, SearchState } from "./strategy.ts";

/** Small enough for a first answer within seconds on slow machines. */
const NUM_CTX = 512;
const FILL = 0.25;
const NUM_PREDICT = 32;
/** A median of fewer samples says little about a few per cent. */
const REPETITIONS = 5;

/** One thread less than cores: with all of them the reference would measure the scheduler's mood. */
function referenceThreads({ machine }: SearchState): number | null {
  const cores = machine.physicalCores ?? machine.logicalCores;
  return cores === null ? machine.defaultThreads : Math.max(1, cores - 1);
}

/** The reference trial of a target, with the reason for running it now. */
export function referenceTrial(state: SearchState, reason: string): Proposal {
  const base = baseConfiguration(state);
  const numCtx = Math.min(NUM_CTX, base.numCtx);
  const numThread = referenceThreads(state);
  return {
    configuration: configuration({
      numCtx,
      numBatch: Math.min(base.numBatch, numCtx),
      ...(numThread === null ? {} : { numThread }),
      numPredict: Math.min(NUM_PREDICT, numCtx >> 2),
    }),
    purpose: Purpose.REFERENCE,
    protocol: create(ProtocolSchema, {
      fill: FILL,
      repetitions: REPETITIONS,
      launches: 1,
      limitMs: state.protocol.limitMs,
      quietWaitMs: state.protocol.quietWaitMs,
      allowContended: state.protocol.allowContended,
      timeBoxed: state.protocol.timeBoxed,
      allowBattery: state.protocol.allowBattery,
    }),
    reason,
  };
}
