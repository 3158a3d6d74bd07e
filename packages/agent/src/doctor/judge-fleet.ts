// What the doctor thinks of the way to the fleet and of the engine. Pure: fleet-probes.ts looks.
import { EngineKind } from "@ozone/proto/machine";
import { type Finding, fine, trouble } from "@ozone/shared/doctor/findings";
import { judgeEnd } from "@ozone/shared/doctor/judge-host";
import type { Environment } from "../managed/environment.ts";
import type { EngineDescription } from "../ollama/describe-engine.ts";

/** Does a server answer, and one that can be measured? */
export function judgeEngine(url: string, { kind, version, reachable, problem }: EngineDescription): Finding {
  if (!reachable)
    return trouble("ollama", "missing", [
      `nothing answers at ${url}`,
      "Start Ollama, or say with OLLAMA_HOST where it is.",
    ]);
  if (problem !== "") return trouble("ollama", "missing", [`${version} at ${url}`, problem]);
  if (kind === EngineKind.OLLAMA) return fine("ollama", `${version} at ${url}`);
  return trouble("ollama", "warning", [
    `the reference engine ${version} at ${url}`,
    "Its numbers are synthetic; name a real Ollama with OLLAMA_HOST.",
  ]);
}

/** What changes how fast and how large a server answers; the defaults are its version's. */
const SETTINGS = [
  "OLLAMA_NUM_PARALLEL",
  "OLLAMA_KEEP_ALIVE",
  "OLLAMA_FLASH_ATTENTION",
  "OLLAMA_KV_CACHE_TYPE",
  "OLLAMA_CONTEXT_LENGTH",
  "OLLAMA_MAX_LOADED_MODELS",
] as const;

/** The settings of the user's server; null: its environment can't be read. */
export function judgeSettings(environment: Environment | null): Finding {
  if (environment === null)
    return trouble("settings", "unknown", [
      "the environment of the server can't be read",
      "Run agent and Ollama as one user, or look with `systemctl show -p Environment ollama`.",
    ]);
  const set = SETTINGS.flatMap((name) => (environment[name] ? [`${name}=${environment[name]}`] : []));
  return fine("settings", set.length === 0 ? "all as the server's version has them" : set.join(" "));
}

/** What the agent's folder says of its membership. */
export interface MembershipLook {
  readonly machineId: string | null;
  readonly enrolledAt: string | null;
  /** Permission bits of the key; null: there is none. */
  readonly keyMode: number | null;
  /** A bus with a password was given. */
  readonly busGiven: boolean;
  /** Windows has no such bits. */
  readonly modesTell: boolean;
}

/** Has this machine enrolled? */
export function judgeMembership(look: MembershipLook): Finding {
  const { machineId, enrolledAt, keyMode, busGiven, modesTell } = look;
  if (keyMode !== null && modesTell && (keyMode & 0o077) !== 0)
    return trouble("identity", "warning", [
      `others may read the key of ${machineId ?? "this machine"}`,
      "Close it: `chmod 600 machine-key` in the agent's folder; if it may be known, enrol with a new one.",
    ]);
  if (machineId !== null && enrolledAt !== null && keyMode !== null)
    return fine("identity", `${machineId}, enrolled at ${enrolledAt}`);
  if (busGiven) return fine("identity", `${machineId ?? "made at the first start"}, by OZONE_NATS_URL`);
  return trouble("identity", "missing", [
    machineId === null ? "not enrolled" : `${machineId} has not enrolled`,
    "Run `ozone-agent enroll --coordinator HOST:PORT` with a token.",
  ]);
}

/** The agent's process by its run file. */
export function judgeRunning(pid: number | null, alive: boolean): Finding {
  if (pid !== null && alive) return fine("agent", `runs, process ${pid}`);
  return trouble("agent", "warning", [
    pid === null ? "does not run with this folder" : `process ${pid} is gone`,
    "Start it: `ozone-agent start`, or the unit.",
  ]);
}

/** Something at an address; null: no address is known. */
export type Reached = { readonly at: string; readonly problem: string | null } | null;

/** The way to the bus, with key and CA as the agent uses them. */
export function judgeBus(reached: Reached): Finding {
  if (reached === null)
    return trouble("bus", "unknown", ["its address is not known yet", "Enrol, or set OZONE_NATS_URL."]);
  if (reached.problem === null) return fine("bus", `${reached.at} lets this machine in`);
  return trouble("bus", "missing", [reached.at, reached.problem]);
}

/** The way to the coordinator, which is asked only when a machine enrols. */
export function judgeCoordinator(reached: Reached): Finding {
  if (reached === null)
    return trouble("coordinator", "unknown", [
      "its address is not known",
      "Nothing, where OZONE_NATS_URL is given; else enrol.",
    ]);
  if (reached.problem === null) return fine("coordinator", `${reached.at} answers`);
  return trouble("coordinator", "warning", [
    `${reached.at}: ${reached.problem}`,
    "Enrolling needs it; results wait here until the bus takes them.",
  ]);
}

/** The CA's end; null: none is set. */
export function judgeCa(ca: { validToMs: number } | { problem: string } | null, nowMs: number): Finding {
  if (ca === null) return fine("CA", "none set");
  if ("problem" in ca)
    return trouble("CA", "missing", [
      ca.problem,
      "Copy the coordinator's ca.pem here and name it in OZONE_NATS_CA.",
    ]);
  const advice = "Make a new CA on the coordinator (docs/securing.md) and copy its ca.pem here.";
  return judgeEnd("CA", ca.validToMs, { nowMs, advice });
}
