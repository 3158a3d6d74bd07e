// An enrolled machine that lies: results for others' trials in its own and in their name, and more bytes that are no result than it
// may have on the way.
import type { TrialOrder } from "@ozone/proto/trial";
import { encodeResult, publishResultBytes } from "@ozone/shared/bus";
import { RESULTS_PER_MACHINE_MAX } from "@ozone/shared/limits";
import type { SeededRandom } from "@ozone/shared/statistics/seeded-random";
import { madeResult } from "../../../packages/coordinator/src/testing/made-results.ts";
import { makeProcess, runAs } from "./process.ts";
import type { World } from "./world.ts";

/** The machine that lies; it has no trials. */
export const FORGER = "m-forger";

/** Far above what honest machines measure here, and below what the intake takes for impossible: only whose it is may tell. */
export const FORGED_RATE = 40_000;

/** More than a machine's share of the stream. */
const FLOOD = RESULTS_PER_MACHINE_MAX * 2;

/** What only its owner may say of a trial, in somebody's name: all of it as it was ordered. */
function forged(order: TrialOrder, machineId: string, failureClass?: string): Uint8Array {
  const { trialId, attempt, sweepId, purpose, configuration } = order;
  const made = madeResult({
    ...{ trialId, attempt, machineId, purpose, decode: [FORGED_RATE] },
    ...(configuration ? { configuration } : {}),
    ...(failureClass ? { failureClass } : {}),
  });
  return encodeResult({ ...made, sweepId });
}

/** Sends a flood of rubbish, and one of each kind for a trial of somebody else that is or was being measured. */
export function forge(world: World, random: SeededRandom): void {
  const { measured } = world.journal;
  // What is being measured just now can still be taken from its owner.
  const open = measured.filter(({ toMs }) => toMs === null);
  const victims = open.length > 0 ? open : measured;
  const victim = victims.length > 0 ? random.pick(victims) : null;
  const about = { trialId: victim?.trialId ?? "t-1", attempt: victim?.attempt ?? 1 };
  const lies = victim
    ? [
        forged(victim.order, FORGER),
        forged(victim.order, victim.machineId),
        forged(victim.order, victim.machineId, "engine_crashed"),
      ]
    : [];
  const rubbish = Array.from({ length: FLOOD }, (_, number) => new Uint8Array([255, 255, 255, 7, number]));
  const messages = [...lies, ...rubbish];
  world.forgedMessages += messages.length;
  runAs(makeProcess(FORGER), () => {
    const bus = world.pipe.connect({ toServer: true, fromServer: true });
    for (const payload of messages)
      publishResultBytes(bus, FORGER, { ...about, payload }).catch(() => undefined);
  });
}
