// The coordinator of this machine: the one that runs, or a new one that answers.

import { resolve } from "node:path";
import { Health, HealthCheckResponse_ServingStatus } from "@ozone/proto/health";
import type { CoordinatorRunFile } from "@ozone/shared/data-folder";
import { OzoneError } from "@ozone/shared/errors";
import { connectCoordinator } from "../coordinator-client.ts";
import { type Launched, launch } from "./launch.ts";
import { lastError } from "./log-lines.ts";
import { isRunning } from "./process-identity.ts";
import { readCoordinatorRunFile } from "./run-files.ts";
import type { StackOptions } from "./stack-options.ts";
import { waitUntil } from "./wait-until.ts";

/** The first start makes a database cluster and may fetch nats-server. */
const START_MS = 240_000;

/** A living coordinator that does not answer within this is in trouble. */
const ANSWER_MS = 15_000;

/** A coordinator that answers. */
export interface CoordinatorHandle {
  readonly runFile: CoordinatorRunFile;
  /** Started by this call. */
  readonly started: boolean;
}

/** Whether the coordinator at the address says that it serves. */
export async function isServing(address: string): Promise<boolean> {
  const client = connectCoordinator(address);
  try {
    const { status } = await client.call(Health.method.check, { service: "" }, { timeoutMs: 2000 });
    return status === HealthCheckResponse_ServingStatus.SERVING;
  } catch {
    return false; // whatever the trouble: it does not serve
  } finally {
    client.close();
  }
}

/** What run/coordinator.json says, if that process still runs. */
export function livingCoordinator(folder: string): CoordinatorRunFile | null {
  const runFile = readCoordinatorRunFile(folder);
  if (runFile === null) return null;
  return isRunning({ pid: runFile.pid, program: "ozone-coordinator", folder }) ? runFile : null;
}

/**
 * Reuses the coordinator that runs, or starts one.
 * @param onLaunch told at once, so that an interrupted start can be undone.
 * @throws OzoneError with the coordinator's own last error when it ends while starting.
 */
export async function ensureCoordinator(
  options: StackOptions,
  onLaunch: (pid: number) => void,
): Promise<CoordinatorHandle> {
  const { folder, signal, progress } = options;
  const living = livingCoordinator(folder);
  if (living && options.objectives !== undefined) {
    throw new OzoneError(
      "invalid_input",
      "The coordinator runs already and reads objectives at its start only; run `ozone down` first.",
    );
  }
  if (living) {
    await waitUntil(async () => ((await isServing(living.grpcAddress)) ? true : null), {
      withinMs: ANSWER_MS,
      signal,
      onTimeout: () =>
        `The coordinator (pid ${living.pid}) does not answer at ${living.grpcAddress}; run \`ozone down\` and try again.`,
    });
    return { runFile: living, started: false };
  }
  progress("coordinator: starting");
  const launched = await launch({
    ...{ program: "ozone-coordinator", args: [], folder },
    env: objectivesFrom(options),
  });
  onLaunch(launched.pid);
  const runFile = await waitUntil(() => ready(launched, options), {
    withinMs: START_MS,
    signal,
    onTimeout: () =>
      `The coordinator was not ready within ${START_MS / 1000} s; its log ${launched.logPath} ends with: ${lastError(launched.log.all()) ?? "nothing"}`,
  });
  return { runFile, started: true };
}

/** The coordinator runs in the data folder, so that a path as typed here would lead elsewhere. */
function objectivesFrom({ objectives, env }: StackOptions): Record<string, string> {
  const path = objectives ?? env.OZONE_OBJECTIVES;
  return path ? { OZONE_OBJECTIVES: resolve(path) } : {};
}

async function ready(
  launched: Launched,
  { folder, progress }: StackOptions,
): Promise<CoordinatorRunFile | null> {
  for (const { text, level } of launched.log.next()) if (level === "info") progress(`coordinator: ${text}`);
  throwIfEnded("coordinator", launched);
  const runFile = readCoordinatorRunFile(folder);
  if (runFile?.pid !== launched.pid) return null;
  return (await isServing(runFile.grpcAddress)) ? runFile : null;
}

/** @throws OzoneError with the program's last error when it has ended. */
export function throwIfEnded(name: string, launched: Launched): void {
  const ended = launched.ended();
  if (ended === null) return;
  const said = lastError(launched.log.all());
  throw new OzoneError(
    "unavailable",
    said ?? `The ${name} ${ended} without a word; see ${launched.logPath}.`,
  );
}
