// Everything around a trial that agent and bench have in common: the machine's ports, and servers of our own.
import type { MachineFacts } from "@ozone/shared/machine-facts";
import { managedServers } from "./managed/open-managed-server.ts";
import type { PlanOptions } from "./managed/plan-server.ts";
import type { TrialPorts } from "./measure/ports.ts";
import { conditionsOf, machineCeilings, samplerOf } from "./measuring-machine.ts";
import { roomBehind, roomHere } from "./memory-room.ts";

/** What the ports are made from. */
export interface PortsFacts extends PlanOptions {
  readonly machineId: string;
  readonly facts: MachineFacts;
  readonly cacheDir: string;
}

/** The ports, less what each trial has of its own. */
export function machinePorts({
  machineId,
  facts,
  cacheDir,
  ...plan
}: PortsFacts): Omit<TrialPorts, "signal" | "onActivity"> {
  const { engineUrl } = plan;
  return {
    engineUrl,
    machine: machineCeilings(machineId, facts, engineUrl),
    cacheDir,
    conditions: conditionsOf(engineUrl),
    sampler: samplerOf(engineUrl),
    room: roomBehind(engineUrl, facts),
    managed: managedServers({ ...plan, folder: cacheDir, conditionsOf, samplerOf, room: roomHere(facts) }),
  };
}
