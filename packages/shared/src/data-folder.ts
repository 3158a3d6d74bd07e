// Where Ozone keeps its data on a machine, decided from the environment; and the names inside that folder.
import { onPlatform } from "./platform.ts";

/** What the decision depends on. */
export interface FolderFacts {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly platform: string;
  readonly homeDir: string;
  readonly isRoot: boolean;
}

/**
 * OZONE_DATA_DIR, else the place that the operating system has for such data. Root has /var/lib/ozone: the embedded
 * Postgres must not run as root, and root's home is closed to others.
 */
export function dataFolder({ env, platform, homeDir, isRoot }: FolderFacts): string {
  if (env.OZONE_DATA_DIR) return env.OZONE_DATA_DIR;
  const unix = isRoot ? "/var/lib/ozone" : `${env.XDG_DATA_HOME ?? `${homeDir}/.local/share`}/ozone`;
  return onPlatform(platform, {
    linux: unix,
    other: unix,
    macos: `${homeDir}/Library/Application Support/ozone`,
    windows: `${env.LOCALAPPDATA ?? `${homeDir}\\AppData\\Local`}\\ozone`,
  });
}

/** Written by each process when it is ready, removed when it has stopped: how the command line finds them. */
export const RUN_FILES = {
  coordinator: "run/coordinator.json",
  engine: "run/engine.json",
  agent: "run/agent.json",
} as const;

/** In the data folder: what the programs that `ozone up` started have written, a file each. */
export const LOGS_FOLDER = "logs";

/** In the data folder: absolute paths of modules that its owner named as strategies, one a line. */
export const NAMED_STRATEGIES = "named-strategies";

/** Content of run/coordinator.json (mode 0600: it holds the bus's credentials). */
export interface CoordinatorRunFile {
  readonly pid: number;
  /** host:port of the gRPC API. */
  readonly grpcAddress: string;
  /** host:port with TLS and role tokens, when it listens beyond loopback. */
  readonly outsideAddress?: string;
  /** host:port of health and metrics, when asked for. */
  readonly httpAddress?: string;
  readonly natsUrl: string;
  /** File of the CA that the bus's clients have to trust. */
  readonly natsCa?: string;
  readonly version: string;
  /** Agents enrol and get an identity on the bus of their own; absent before 0.2. */
  readonly enrolment?: boolean;
}

/** Content of run/engine.json. */
export interface EngineRunFile {
  readonly pid: number;
  readonly url: string;
}

/** Content of run/agent.json, below the agent's own data folder. */
export interface AgentRunFile {
  readonly pid: number;
  readonly machineId: string;
  readonly engineUrl: string;
  /** Since the coordinator took it in: why it gets no orders, empty when it does. Missing: not taken in yet, or an older agent. */
  readonly heard?: { readonly problem: string };
}
