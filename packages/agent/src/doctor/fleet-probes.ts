// Looks for the doctor at the engine, at what the agent's folder says, and whether bus and coordinator answer.
import { X509Certificate } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import net from "node:net";
import { join } from "node:path";
import { connectBus, withoutCredentials } from "@ozone/shared/bus";
import { type AgentRunFile, RUN_FILES } from "@ozone/shared/data-folder";
import type { Finding, Probe } from "@ozone/shared/doctor/findings";
import { messageOf } from "@ozone/shared/errors";
import { onPlatform } from "@ozone/shared/platform";
import type { AgentConfig } from "../config.ts";
import { readEnrolled } from "../enrolment/enrol.ts";
import { seeServer } from "../managed/users-server.ts";
import { describeEngine } from "../ollama/describe-engine.ts";
import {
  judgeBus,
  judgeCa,
  judgeCoordinator,
  judgeEngine,
  judgeMembership,
  judgeRunning,
  judgeSettings,
  type MembershipLook,
  type Reached,
} from "./judge-fleet.ts";

const ANSWER_MS = 3_000;

/** Everything between this machine and the fleet, and its engine. */
export function fleetProbes(config: AgentConfig): Probe[] {
  const { dataDir, engineUrl, natsCa } = config;
  const probe = (subject: string, look: () => Promise<Finding>): Probe => ({
    subject,
    look: async () => [await look()],
  });
  const engine = () => describeEngine(engineUrl, AbortSignal.timeout(ANSWER_MS));
  return [
    probe("ollama", async () => judgeEngine(engineUrl, await engine())),
    probe("settings", async () => judgeSettings(await serverEnvironment(engineUrl))),
    probe("identity", async () => judgeMembership(await membership(config))),
    probe("agent", async () => {
      const run = await readJson<AgentRunFile>(join(dataDir, RUN_FILES.agent));
      const pid = typeof run?.pid === "number" ? run.pid : null;
      return judgeRunning(pid, pid !== null && isAlive(pid));
    }),
    probe("CA", async () => judgeCa(natsCa === null ? null : await readCa(natsCa), Date.now())),
    probe("bus", async () => judgeBus(await tryBus(config))),
    probe("coordinator", async () => judgeCoordinator(await tryCoordinator(config))),
  ];
}

/** Damaged is as good as absent: what depends on it says what to do. */
async function readJson<Content>(path: string): Promise<Partial<Content> | null> {
  try {
    const content: unknown = JSON.parse(await readFile(path, "utf8"));
    return typeof content === "object" ? (content as Partial<Content> | null) : null;
  } catch {
    return null;
  }
}

const textOf = (value: unknown): string | null => (typeof value === "string" ? value : null);

async function serverEnvironment(engineUrl: string) {
  const sight = await seeServer(engineUrl);
  return sight.place === "here" ? sight.process.environment : null;
}

async function membership({ dataDir, natsUrl }: AgentConfig): Promise<MembershipLook> {
  const [identity, enrolment, key] = await Promise.all([
    readJson<{ machineId: string }>(join(dataDir, "identity.json")),
    readJson<{ coordinator: string }>(join(dataDir, "enrolment.json")),
    stat(join(dataDir, "machine-key")).catch(() => null), // none before the machine enrols
  ]);
  return {
    machineId: textOf(identity?.machineId),
    enrolledAt: textOf(enrolment?.coordinator),
    keyMode: key === null ? null : key.mode & 0o777,
    busGiven: natsUrl !== null,
    modesTell: onPlatform(process.platform, { linux: true, macos: true, windows: false, other: true }),
  };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === "EPERM"; // it lives, as another user
  }
}

async function readCa(path: string): Promise<{ validToMs: number } | { problem: string }> {
  try {
    return { validToMs: Date.parse(new X509Certificate(await readFile(path)).validTo) };
  } catch (thrown) {
    return { problem: `${path} is no certificate that can be read (${messageOf(thrown)})` };
  }
}

/** A connection with the agent's own key: it is opened and closed, and asks for nothing. */
async function tryBus({ dataDir, natsUrl, natsCa }: AgentConfig): Promise<Reached> {
  // Only a folder with an id may be asked: reading an enrolment without one would make a new id.
  const known = (await readJson<{ machineId: string }>(join(dataDir, "identity.json"))) !== null;
  const enrolled = natsUrl === null && known ? await readEnrolled(dataDir) : null;
  const url = natsUrl ?? enrolled?.busUrl ?? null;
  if (url === null) return null;
  const at = withoutCredentials(url);
  try {
    const bus = await connectBus({
      url,
      identity: enrolled?.identity,
      caPem: enrolled?.busCa ?? null,
      ca: natsCa,
      name: "ozone-agent doctor",
    });
    await bus.close();
    return { at, problem: null };
  } catch (thrown) {
    return { at, problem: messageOf(thrown) };
  }
}

async function tryCoordinator({ dataDir, coordinator }: AgentConfig): Promise<Reached> {
  const noted = await readJson<{ coordinator: string }>(join(dataDir, "enrolment.json"));
  const at = textOf(noted?.coordinator) ?? coordinator;
  return at === null ? null : { at, problem: await knock(at) };
}

/** Whether something listens there; null when it does. */
function knock(address: string): Promise<string | null> {
  const colon = address.lastIndexOf(":");
  const host = address.slice(0, colon).replace(/^\[|\]$/g, "");
  const port = Number(address.slice(colon + 1));
  if (colon < 1 || !Number.isInteger(port) || port < 1 || port > 65_535)
    return Promise.resolve("this is not HOST:PORT");
  return new Promise((resolve) => {
    const socket = net.connect({ host, port, timeout: ANSWER_MS });
    const end = (problem: string | null) => {
      socket.destroy();
      resolve(problem);
    };
    socket.once("connect", () => end(null));
    socket.once("timeout", () => end(`no answer within ${ANSWER_MS / 1000} s`));
    socket.once("error", (error) => end(messageOf(error)));
  });
}
