// The launches by which an application is judged, each one trial of this machine.
import { create } from "@bufbuild/protobuf";
import { ProtocolSchema, Purpose } from "@ozone/proto/configuration";
import { TrialOrderSchema } from "@ozone/proto/trial";
import { ProbeMemory } from "../measure/probe-options.ts";
import { runTrial } from "../run-trial.ts";
import { machinePorts, type PortsFacts } from "../trial-ports.ts";
import type { MeasureLaunch } from "./re-measure.ts";

/** How the re-measurement is made: the confirmation of a sweep, three samples of a launch. */
const REPETITIONS = 3;
const FILL = 0.9;

/** How one application is measured. */
export interface LaunchOptions {
  readonly allowBattery: boolean;
  /** How long the first launch waits for a quiet machine, in milliseconds. */
  readonly quietWaitMs: number;
  readonly signal: AbortSignal;
  say(words: string): void;
}

/** Makes the launches of one application. The host lock is held by the caller. */
export function launchMeasurer(
  machine: Omit<PortsFacts, "env">,
  { allowBattery, quietWaitMs, signal, say }: LaunchOptions,
): MeasureLaunch {
  const fixed = {
    ...machinePorts({ ...machine, env: process.env }),
    signal,
    onActivity: say,
    probeMemory: new ProbeMemory(),
  };
  const protocol = {
    fill: FILL,
    repetitions: REPETITIONS,
    launches: 1,
    // Both sides share the machine's other users, whom a person who waits can't always send away; the outcome counts them.
    allowContended: true,
    allowBattery,
  };
  let launches = 0;
  return ({ optionsInModel, ...side }) => {
    // Waiting once is for the machine to become quiet; what does not go away by then is met by both sides.
    const waits = create(ProtocolSchema, { ...protocol, quietWaitMs: launches === 0 ? quietWaitMs : 0 });
    launches += 1;
    const order = { trialId: "apply", attempt: launches, ...side, protocol: waits, purpose: Purpose.CONFIRM };
    return runTrial(create(TrialOrderSchema, order), { ...fixed, optionsInModel });
  };
}
