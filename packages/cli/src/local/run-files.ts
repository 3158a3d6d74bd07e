// What the processes of this machine wrote down about themselves. A file that is missing, half written or from
// another world reads as null: nothing is running that we could speak to.
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import {
  type AgentRunFile,
  type CoordinatorRunFile,
  type EngineRunFile,
  RUN_FILES,
} from "@ozone/shared/data-folder";
import { systemCodeOf } from "@ozone/shared/errors";

/** run/coordinator.json of a data folder. */
export function readCoordinatorRunFile(folder: string): CoordinatorRunFile | null {
  const found = readJson(join(folder, RUN_FILES.coordinator));
  if (!isPid(found?.pid) || typeof found?.grpcAddress !== "string") return null;
  const { pid, grpcAddress, natsUrl, natsCa, version, enrolment } = found;
  const ca = textOf(natsCa) === "" ? {} : { natsCa: textOf(natsCa) };
  const known = { pid, grpcAddress, natsUrl: textOf(natsUrl), ...ca, version: textOf(version) };
  return { ...known, enrolment: enrolment === true };
}

/** run/engine.json of a data folder. */
export function readEngineRunFile(folder: string): EngineRunFile | null {
  const found = readJson(join(folder, RUN_FILES.engine));
  return isPid(found?.pid) ? { pid: found.pid, url: textOf(found.url) } : null;
}

/** run/agent.json below the agent's folder in a data folder. */
export function readAgentRunFile(folder: string): AgentRunFile | null {
  const found = readJson(join(folder, "agent", RUN_FILES.agent));
  if (!isPid(found?.pid) || typeof found?.machineId !== "string") return null;
  return { pid: found.pid, machineId: found.machineId, engineUrl: textOf(found.engineUrl) };
}

/** The engine imports nothing of ours, so whoever starts it writes its file. An empty url: it is still starting. */
export function writeEngineRunFile(folder: string, content: EngineRunFile): void {
  const path = join(folder, RUN_FILES.engine);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.new`, `${JSON.stringify(content)}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

/** Removes a file that its process left behind. */
export function removeRunFile(folder: string, which: keyof typeof RUN_FILES): void {
  rmSync(join(folder, which === "agent" ? "agent" : "", RUN_FILES[which]), { force: true });
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : "");

const isPid = (value: unknown): value is number => Number.isInteger(value) && Number(value) > 1;

function readJson(path: string): Record<string, unknown> | null {
  try {
    const content: unknown = JSON.parse(readFileSync(path, "utf8"));
    return typeof content === "object" && content !== null ? { ...content } : null;
  } catch (thrown) {
    if (thrown instanceof SyntaxError || systemCodeOf(thrown) === "ENOENT") return null;
    throw thrown;
  }
}
