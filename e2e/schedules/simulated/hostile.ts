// An enrolled machine that lies: results for others' trials in its own and in their name, and bytes that are no result.
import { encodeResult, publishResultBytes } from "@ozone/shared/bus";
import type { SeededRandom } from "@ozone/shared/statistics/seeded-random";
import { madeResult } from "../../../packages/coordinator/src/testing/made-results.ts";
import { makeProcess, runAs } from "./process.ts";
import type { World } from "./world.ts";

/** The machine that lies; it has no trials. */
export const FORGER = "m-forger";

/** Far above what honest machines measure here, and below what the intake takes for impossible: only whose it is may tell. */
export const FORGED_RATE = 40_000;

/** Sends one of each kind for a trial of somebody else that is or was being measured. */
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
    new Uint8Array([255, 255, 255, 7]),
  ];
  runAs(makeProcess(FORGER), () => {
    const bus = world.pipe.connect({ toServer: true, fromServer: true });
    for (const payload of attempts)
      publishResultBytes(bus, FORGER, { ...about, payload }).catch(() => undefined);
  });
}
