// `ozone up`: coordinator, engine, agent, in this order. All or nothing: when a step fails, what this call started is
// stopped again.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { LOGS_FOLDER } from "@ozone/shared/data-folder";
import { cannotWrite } from "./launch.ts";
import type { ProgramName } from "./process-identity.ts";
import { removeRunFile } from "./run-files.ts";
import { withStackLock } from "./stack-lock.ts";
import type { StackOptions } from "./stack-options.ts";
import { type AgentHandle, ensureAgent } from "./start-agent.ts";
import { type CoordinatorHandle, ensureCoordinator } from "./start-coordinator.ts";
import { type EngineHandle, ensureEngine, livingEngine } from "./start-engine.ts";
import { stopProcess } from "./stop-process.ts";
import { stopLeftovers } from "./take-down.ts";

/** The local stack, answering. */
export interface Stack {
  readonly coordinator: CoordinatorHandle;
  readonly engine: EngineHandle;
  readonly agent: AgentHandle;
}

interface StartedProcess {
  readonly program: ProgramName;
  readonly pid: number;
}

type OnLaunch = (program: ProgramName) => (pid: number) => void;

/** Brings everything up that is not up yet. */
export const bringUp = (options: StackOptions): Promise<Stack> => allOrNothing(options, startAll);

/** The coordinator alone: this machine is not to be measured. */
export const bringUpCoordinator = (options: StackOptions): Promise<CoordinatorHandle> =>
  allOrNothing(options, (_, onLaunch) => ensureCoordinator(options, onLaunch("ozone-coordinator")));

async function allOrNothing<Started>(
  options: StackOptions,
  start: (options: StackOptions, onLaunch: OnLaunch) => Promise<Started>,
): Promise<Started> {
  makeFolder(options.folder);
  return withStackLock(options.folder, options, async () => {
    const started: StartedProcess[] = [];
    try {
      return await start(options, (program) => (pid) => started.push({ program, pid }));
    } catch (thrown) {
      await undo(options, started);
      throw thrown;
    }
  });
}

async function startAll(options: StackOptions, onLaunch: OnLaunch): Promise<Stack> {
  const coordinator = await ensureCoordinator(options, onLaunch("ozone-coordinator"));
  const engine = await ensureEngine(options, onLaunch("ozone-engine"));
  const assignment = { coordinator: coordinator.runFile, engineUrl: engine.url };
  const agent = await ensureAgent(options, assignment, onLaunch("ozone-agent"));
  if (engine.kind === "ollama") await dismissReferenceEngine(options);
  return { coordinator, engine, agent };
}

/** An Ollama has appeared since the last `up`: nobody uses the reference engine any more. */
async function dismissReferenceEngine(options: StackOptions): Promise<void> {
  const living = livingEngine(options.folder);
  if (!living) return;
  await stopProcess({ pid: living.pid, program: "ozone-engine", folder: options.folder }, options);
  removeRunFile(options.folder, "engine");
}

async function undo(options: StackOptions, started: StartedProcess[]): Promise<void> {
  const { folder, progress } = options;
  for (const { program, pid } of started.reverse()) {
    const outcome = await stopProcess({ pid, program, folder }, options);
    if (outcome !== "not running") progress(`${program.replace("ozone-", "")}: stopped again`);
    if (program === "ozone-engine") removeRunFile(folder, "engine");
    if (program === "ozone-coordinator") {
      // Its database and bus outlive it when it was killed; what went wrong first is what the person must read.
      await stopLeftovers(folder).catch((thrown: unknown) => progress(`warning: ${String(thrown)}`));
    }
  }
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(join(folder, "run"), { recursive: true });
    mkdirSync(join(folder, LOGS_FOLDER), { recursive: true });
  } catch (thrown) {
    throw cannotWrite(folder, thrown);
  }
}
