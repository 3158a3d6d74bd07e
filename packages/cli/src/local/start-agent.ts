// The agent of this machine, working for our coordinator on the engine that was chosen.

import type { Machine } from "@ozone/proto/machine";
import { MachineService } from "@ozone/proto/machine_service";
import type { AgentRunFile, CoordinatorRunFile } from "@ozone/shared/data-folder";
import { OzoneError } from "@ozone/shared/errors";
import { connectCoordinator } from "../coordinator-client.ts";
import { type Launched, launch } from "./launch.ts";
import { wayIn } from "./local-token.ts";
import { lastError } from "./log-lines.ts";
import { isRunning } from "./process-identity.ts";
import { readAgentRunFile } from "./run-files.ts";
import type { StackOptions } from "./stack-options.ts";
import { throwIfEnded } from "./start-coordinator.ts";
import { stopProcess } from "./stop-process.ts";
import { waitUntil } from "./wait-until.ts";

/** Probing the hardware takes seconds; a busy machine takes longer. */
const START_MS = 120_000;

/** A running agent that is not online after this works for a coordinator that is gone. */
const REJOIN_MS = 15_000;

/** Whom the agent works for. */
export interface AgentAssignment {
  readonly coordinator: CoordinatorRunFile;
  readonly engineUrl: string;
}

/** An agent whose machine is online. */
export interface AgentHandle {
  readonly machine: Machine;
  readonly started: boolean;
}

/** What the agent's run file says, if that process still runs. */
export function livingAgent(folder: string): AgentRunFile | null {
  const runFile = readAgentRunFile(folder);
  if (runFile === null) return null;
  return isRunning({ pid: runFile.pid, program: "ozone-agent", folder }) ? runFile : null;
}

/** Reuses the agent that runs on this engine for this coordinator; restarts any other. */
export async function ensureAgent(
  options: StackOptions,
  assignment: AgentAssignment,
  onLaunch: (pid: number) => void,
): Promise<AgentHandle> {
  const living = livingAgent(options.folder);
  if (living) {
    const machine = await rejoined(options, assignment, living);
    if (machine) return { machine, started: false };
    await stopProcess({ pid: living.pid, program: "ozone-agent", folder: options.folder }, options);
  }
  options.progress("agent: starting, it looks at the hardware first");
  const launched = await launch({
    program: "ozone-agent",
    args: ["start"],
    folder: options.folder,
    env: {
      OLLAMA_HOST: assignment.engineUrl,
      ...(await wayIn(options.folder, assignment.coordinator)),
      ...(assignment.coordinator.natsCa === undefined
        ? {}
        : { OZONE_NATS_CA: assignment.coordinator.natsCa }),
    },
  });
  onLaunch(launched.pid);
  return { machine: await joined(options, assignment, launched), started: true };
}

async function rejoined(
  options: StackOptions,
  { coordinator, engineUrl }: AgentAssignment,
  living: AgentRunFile,
): Promise<Machine | null> {
  if (living.engineUrl !== engineUrl) {
    options.progress(`agent: restarting it, it works on ${living.engineUrl}`);
    return null;
  }
  try {
    return await waitUntil(() => onlineMachine(coordinator.grpcAddress, living.machineId), {
      withinMs: REJOIN_MS,
      everyMs: 300,
      signal: options.signal,
      onTimeout: () => "not online",
    });
  } catch (thrown) {
    if (!(thrown instanceof OzoneError) || thrown.code !== "deadline_exceeded") throw thrown;
    options.progress("agent: restarting it, it does not report to this coordinator");
    return null;
  }
}

function joined(options: StackOptions, assignment: AgentAssignment, launched: Launched): Promise<Machine> {
  const ready = async () => {
    throwIfEnded("agent", launched);
    const runFile = readAgentRunFile(options.folder);
    if (runFile?.pid !== launched.pid) return null;
    return onlineMachine(assignment.coordinator.grpcAddress, runFile.machineId);
  };
  return waitUntil(ready, {
    withinMs: START_MS,
    everyMs: 250,
    signal: options.signal,
    onTimeout: () =>
      `The agent was not online within ${START_MS / 1000} s; its log ${launched.logPath} ends with: ${lastError(launched.log.all()) ?? "nothing"}`,
  });
}

async function onlineMachine(address: string, machineId: string): Promise<Machine | null> {
  const client = connectCoordinator(address);
  try {
    const { machines } = await client.call(MachineService.method.listMachines, {});
    return machines.find(({ id, status }) => id === machineId && status === "online") ?? null;
  } finally {
    client.close();
  }
}
