// Looks at the host for the doctor. Reads only: no folder is made, nothing is written.
import { constants } from "node:fs";
import { access, readFile, stat, statfs } from "node:fs/promises";
import { userInfo } from "node:os";
import { dirname } from "node:path";
import type { Finding, Probe } from "@ozone/shared/doctor/findings";
import { type FolderLook, judgeClock, judgeNode } from "@ozone/shared/doctor/judge-host";
import { messageOf } from "@ozone/shared/errors";
import { onPlatform } from "@ozone/shared/platform";
import type { AgentConfig } from "../config.ts";
import { hostAccessProblems } from "../host-access.ts";
import { readAvailableBytes } from "../machine/available-memory.ts";
import { readEnergyCounters } from "../machine/energy.ts";
import { endpointOf, tryListen } from "../machine/host-lock-endpoint.ts";
import { readPowerSource } from "../machine/power-source.ts";
import { runTool } from "../machine/run-tool.ts";
import {
  judgeAccess,
  judgeEnergy,
  judgeFolder,
  judgeGovernor,
  judgeLock,
  judgeMemory,
  judgePower,
  judgeSurroundings,
  judgeUser,
  type Surroundings,
} from "./judge-host.ts";

type Environment = Readonly<Record<string, string | undefined>>;

const reading = (path: string): Promise<string | null> => readFile(path, "utf8").catch(() => null); // not on every host

/** Everything of the host that an agent needs or that changes what it measures. */
export function hostProbes({ dataDir, engineUrl }: AgentConfig, env: Environment): Probe[] {
  const probe = (subject: string, look: () => Promise<Finding | Finding[]>): Probe => ({
    subject,
    look: async () => [await look()].flat(),
  });
  return [
    probe("node", async () => judgeNode(process.version)),
    probe("user", async () => judgeUser(userInfo().username, process.getuid?.() === 0)),
    probe("data folder", async () => judgeFolder(await lookAtFolder(dataDir))),
    probe("memory", async () => judgeMemory(readAvailableBytes())),
    probe("clock", async () => judgeClock(await isSynchronised())),
    probe("power", async () => judgePower(await readPowerSource([]))),
    probe("governor", async () => judgeGovernor(await readGovernor())),
    probe("surroundings", async () => judgeSurroundings(await surroundings(env))),
    probe("access", async () => judgeAccess(await hostAccessProblems(engineUrl, env))),
    probe("energy", async () => judgeEnergy((await readEnergyCounters())?.length ?? null)),
    probe("host lock", async () => judgeLock(await tryLock())),
  ];
}

async function lookAtFolder(path: string): Promise<FolderLook> {
  let nearest = path;
  while (!(await exists(nearest)) && dirname(nearest) !== nearest) nearest = dirname(nearest);
  const writable = await access(nearest, constants.W_OK | constants.X_OK).then(
    () => true,
    () => false,
  );
  const space = await statfs(nearest).catch(() => null); // not every file system tells
  return {
    path,
    exists: nearest === path,
    writable,
    freeBytes: space === null ? null : space.bavail * space.bsize,
  };
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false, // not there, or in a folder that can't be entered: judged by the folder above
  );

async function isSynchronised(): Promise<boolean | null> {
  const asked = await runTool("timedatectl", ["show", "-p", "NTPSynchronized", "--value"]);
  const said = asked.ok ? asked.stdout.trim() : "";
  return said === "yes" ? true : said === "no" ? false : null;
}

async function readGovernor(): Promise<string | null> {
  const text = await reading("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
  return text?.trim() || null;
}

const surroundings = (env: Environment): Promise<Surroundings> =>
  onPlatform<() => Promise<Surroundings>>(process.platform, {
    linux: () => linuxSurroundings(env),
    macos: async () => "host",
    windows: async () => "host",
    other: async () => "host",
  })();

async function linuxSurroundings(env: Environment): Promise<Surroundings> {
  if (/microsoft/i.test((await reading("/proc/version")) ?? "")) return "WSL";
  const marks = await Promise.all(
    ["/.dockerenv", "/run/.containerenv", "/run/systemd/container"].map(exists),
  );
  const groups = (await reading("/proc/1/cgroup")) ?? "";
  const contained =
    marks.includes(true) ||
    env.KUBERNETES_SERVICE_HOST !== undefined ||
    /docker|containerd|kubepods|libpod|lxc/.test(groups);
  return contained ? "container" : "host";
}

/** Taken for a moment, so that a trial that wants to start now waits for some milliseconds. */
async function tryLock(): Promise<{ free: boolean } | { problem: string }> {
  try {
    const server = await tryListen(endpointOf("ozone-host-lock"), (socket) => socket.destroy());
    server?.close();
    return { free: server !== null };
  } catch (thrown) {
    return { problem: messageOf(thrown) };
  }
}
