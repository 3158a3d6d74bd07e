// A result that is larger than the bus takes never arrives, and its trial would be run again and again. A small one of the
// same attempt that says so goes in its place.
import { create } from "@bufbuild/protobuf";
import { FailureSchema, type TrialResult, TrialResultSchema, Verdict } from "@ozone/proto/trial";
import { type Bus, decodeResult, encodeResult, resultBytesMax } from "@ozone/shared/bus";
import type { FailureClass } from "@ozone/shared/failure";
import type { Log } from "../log.ts";
import { attemptKey, type Journal } from "./journal.ts";
import { attemptOfKey, type Outbox } from "./outbox.ts";

/** Something in the agent made it so large, and another attempt may come out smaller. */
const FAILURE_CLASS: FailureClass = "internal";

/** Whose attempt it is and what was measured, without what came out of it. */
function smallOf(result: TrialResult, message: string): TrialResult {
  const { trialId, attempt, machineId, sweepId, modelName, modelDigest, purpose, hardwareClass } = result;
  const { configuration, protocol, conditions, provenance, startedAt, finishedAt, elapsedMs } = result;
  return create(TrialResultSchema, {
    ...{ trialId, attempt, machineId, sweepId, modelName, modelDigest, purpose, hardwareClass },
    ...{ provenance, elapsedMs, agentVersion: result.agentVersion, verdict: Verdict.FAILED },
    ...(configuration && { configuration }),
    ...(protocol && { protocol }),
    ...(conditions && { conditions }),
    ...(startedAt && { startedAt }),
    ...(finishedAt && { finishedAt }),
    failure: create(FailureSchema, { failureClass: FAILURE_CLASS, message }),
  });
}

/** What goes in the place of a result; null when that is no smaller, or too large as well, or the bytes are no result. */
function smallerThan(payload: Uint8Array, maxBytes: number): Uint8Array | null {
  let result: TrialResult;
  try {
    result = decodeResult(payload);
  } catch {
    return null;
  }
  const message = `The result had ${payload.length} bytes, more than the bus takes; the machine's agent keeps it in outbox/too-large.`;
  const small = encodeResult(smallOf(result, message));
  return small.length <= maxBytes && small.length < payload.length ? small : null;
}

/** Where it is kept and told of. */
interface Places {
  readonly bus: Bus;
  readonly outbox: Outbox;
  readonly journal: Journal;
  readonly log: Log;
}

/**
 * Sets a result aside, where people find it, and puts a failed one of the same attempt in its place.
 * @returns what is to be sent now; null when there can be no such result, and nothing waits any more
 * @throws the system's error; the result is still in the outbox then
 */
export async function replaceTooLarge(
  { bus, outbox, journal, log }: Places,
  key: string,
  payload: Uint8Array,
): Promise<Uint8Array | null> {
  const { trialId, attempt } = attemptOfKey(key);
  const small = smallerThan(payload, resultBytesMax(bus));
  const file = await outbox.copyAside(key, payload);
  if (small) {
    // Noted first: what the coordinator says of it is compared with these bytes.
    await journal.finished(trialId, attempt, small);
    await outbox.put(trialId, attempt, small);
  } else {
    const reason = "larger than the bus takes";
    await journal.settled({ event: "refused", attempt: attemptKey(trialId, attempt), reason });
    await outbox.forget(key);
  }
  const then = small ? "the attempt is reported as failed" : "the trial will be run again";
  const words = `result ${key} has ${payload.length} bytes, more than the bus takes; it is kept as ${file}`;
  log(`${words}, and ${then}`, { trial_id: trialId, attempt });
  return small;
}
