// An enrolled machine that lies: results for others' trials in its own and in their name, and more bytes that are no result than it
// may have on the way.
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

/** Sends a flood of rubbish, and one of each kind for a trial of somebody else that is or was being measured. */
export function forge(world: World, random: SeededRandom): void {
  const { measured } = world.journal;
  const victim =
    measured.length > 0 ? random.pick(measured) : { trialId: "t-1", attempt: 1, machineId: "m-1" };
  const { trialId, attempt, machineId } = victim;
  const about = { trialId, attempt };
  const attempts = [
    encodeResult(madeResult({ ...about, machineId: FORGER, decode: [FORGED_RATE] })),
    encodeResult(madeResult({ ...about, machineId, decode: [FORGED_RATE] })),
    encodeResult(madeResult({ ...about, machineId, failureClass: "engine_crashed" })),
    ...Array.from({ length: FLOOD }, (_, number) => new Uint8Array([255, 255, 255, 7, number])),
  ];
  runAs(makeProcess(FORGER), () => {
    const bus = world.pipe.connect({ toServer: true, fromServer: true });
    for (const payload of attempts)
      publishResultBytes(bus, FORGER, { ...about, payload }).catch(() => undefined);
  });
}
