// The one place that calls systeminformation. Each call has a time limit (on Windows some start PowerShell and take
// seconds) and each answer that is missing leaves a note: its habit is to answer 0, "" or an empty list instead.

import { messageOf } from "@ozone/shared/errors";
import { onPlatform } from "@ozone/shared/platform";
import systemInformation from "systeminformation";
import type { ListedGpu } from "./gpus.ts";

/** Collects why something is unknown, one sentence each. */
export type Notes = string[];

/** On Windows some calls start PowerShell. */
const limitMs = (platform: string = process.platform): number =>
  onPlatform(platform, { linux: 5_000, macos: 5_000, windows: 20_000, other: 5_000 });

/** Waits for `call` for a bounded time; null and a note instead of an error or a late answer. */
export async function ask<T>(what: string, call: () => Promise<T>, notes: Notes): Promise<T | null> {
  const withinMs = limitMs();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${withinMs} ms`)), withinMs);
  });
  try {
    return await Promise.race([call(), late]);
  } catch (thrown) {
    notes.push(`The ${what} is unknown: ${messageOf(thrown)}.`);
    return null;
  } finally {
    clearTimeout(timer);
  }
}

/** Maker, name, physical cores and last-level cache; zero and empty become null. */
export async function askCpu(notes: Notes) {
  const cpu = await ask("CPU", () => systemInformation.cpu(), notes);
  return {
    vendor: cpu?.manufacturer || null,
    brand: cpu?.brand || null,
    physicalCores: positive(cpu?.physicalCores),
    l3Bytes: positive(cpu?.cache?.l3),
  };
}

/** Instruction-set flags, where /proc/cpuinfo is not there to be read. */
export async function askCpuFlags(notes: Notes): Promise<string[]> {
  const flags = await ask("list of CPU flags", () => systemInformation.cpuFlags(), notes);
  return (flags ?? "").split(/\s+/).filter((flag) => flag !== "");
}

/** Whether this is a virtual machine; a container counts only when its host is one. */
export async function askVirtual(notes: Notes): Promise<boolean | null> {
  const system = await ask("kind of machine (virtual or not)", () => systemInformation.system(), notes);
  return typeof system?.virtual === "boolean" ? system.virtual : null;
}

/** The graphics controllers, for `mergeGpus`. */
export async function askGraphics(notes: Notes): Promise<ListedGpu[] | null> {
  const graphics = await ask("list of graphics controllers", () => systemInformation.graphics(), notes);
  return graphics?.controllers ?? null;
}

/** The system's own id (macOS, Windows); null when there is none. */
export async function askMachineId(notes: Notes): Promise<string | null> {
  const uuid = await ask("machine id", () => systemInformation.uuid(), notes);
  return uuid?.os || uuid?.hardware || null;
}

/** Battery state (macOS, Windows); null when it can't be asked. */
export async function askBattery(notes: Notes): Promise<{ present: boolean; onMains: boolean } | null> {
  const battery = await ask("power source", () => systemInformation.battery(), notes);
  return battery === null ? null : { present: battery.hasBattery, onMains: battery.acConnected };
}

/** Temperature of the CPU's package and mean clock of its cores, where readable. */
export async function askTemperatureAndClock(notes: Notes) {
  const [temperature, speed] = await Promise.all([
    ask("CPU temperature", () => systemInformation.cpuTemperature(), notes),
    ask("CPU clock", () => systemInformation.cpuCurrentSpeed(), notes),
  ]);
  const gigahertz = positive(speed?.avg);
  return {
    temperatureCelsius: positive(temperature?.main),
    clockMhz: gigahertz === null ? null : Math.round(gigahertz * 1000),
  };
}

/** A process where /proc is not there to be read. `cpuPercent` is what the system's own tool shows. */
export type ListedProcess = { pid: number; parentPid: number; cpuPercent: number; rssBytes: number };

/** All processes (macOS, Windows); starts a tool, so not for a fast pace. */
export async function askProcesses(notes: Notes): Promise<ListedProcess[] | null> {
  const processes = await ask("list of processes", () => systemInformation.processes(), notes);
  if (processes === null) return null;
  return processes.list.map((one) => ({
    pid: one.pid,
    parentPid: one.parentPid,
    cpuPercent: one.cpu,
    rssBytes: one.memRss * 1024,
  }));
}

/** Process that listens on a TCP port (macOS, Windows). */
export async function askListener(port: number, notes: Notes): Promise<number | null> {
  const connections = await ask("owner of the port", () => systemInformation.networkConnections(), notes);
  const listener = connections?.find((one) => one.state === "LISTEN" && Number(one.localPort) === port);
  return positive(listener?.pid);
}

/** Null for what systeminformation answers when it does not know: 0, null, -1, NaN. */
function positive(value: number | null | undefined): number | null {
  return typeof value === "number" && Number.isFinite(value) && value > 0 ? value : null;
}
