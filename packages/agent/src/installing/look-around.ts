// What an installation finds on the system: user, groups, GPU devices, systemd, and what an earlier one left.
import { DESKTOP_UNIT } from "./first-settings.ts";
import { askMaybe, contentOf, digestAt, type Host, isThere, ownerOf } from "./host.ts";
import { type InstallRecord, parseRecord } from "./install-record.ts";
import { type InstallChoice, placesOf } from "./places.ts";
import type { InstallFacts } from "./plan-install.ts";

/** GPU devices belong to the first two; packaged Ollamas keep their models for the third. */
const GROUPS = ["render", "video", "ollama"];
const GPU_DEVICE = /^\s*\d+ (nvidia[A-Za-z0-9-]*|drm|kfd)$/gm;

/** The record of an earlier installation, null without one. @throws OzoneError when it is damaged */
export async function readRecord(host: Host, prefix: string): Promise<InstallRecord | null> {
  const { record: path } = placesOf({ prefix });
  const content = await contentOf(host, path);
  return content === null ? null : parseRecord(content.toString(), path);
}

/** Names of the character devices of GPUs in the text of /proc/devices. Pure. */
export function gpuDevicesIn(devices: string): string[] {
  const characters = devices.split("Block devices:")[0] ?? "";
  return [...new Set([...characters.matchAll(GPU_DEVICE)].map(([, name]) => name ?? ""))].sort();
}

/** Looks. `bundle`: the program that will be installed. */
export async function lookAround(host: Host, choice: InstallChoice, bundle: Buffer): Promise<InstallFacts> {
  const places = placesOf(choice);
  const files = [places.program, places.unit, places.settings];
  const folders = [choice.prefix, places.settingsFolder, choice.dataDir];
  const [digests, there, groups, user, version, devices, record, hasDesktop] = await Promise.all([
    Promise.all(files.map(async (path) => [path, await digestAt(host, path)] as const)),
    Promise.all(folders.map(async (path) => ((await isThere(host, path)) ? [path] : []))),
    Promise.all(GROUPS.map(async (name) => ((await exists(host, "group", name)) ? [name] : []))),
    exists(host, "passwd", choice.user),
    askMaybe(host, "systemctl", ["--version"]),
    contentOf(host, "/proc/devices"),
    readRecord(host, choice.prefix),
    isThere(host, DESKTOP_UNIT),
  ]);
  return {
    digests: Object.fromEntries(digests),
    folders: new Set(there.flat()),
    groups: groups.flat(),
    userExists: user,
    systemdVersion: Number(/^systemd (\d+)/.exec(version ?? "")?.[1] ?? 0),
    gpuDevices: gpuDevicesIn(devices?.toString() ?? ""),
    record,
    hasDesktop,
    bundle,
    staged: host.staged,
    dataOfAnother: !host.staged && (await isOfAnother(host, choice)),
  };
}

/** Whether the data folder is there and belongs to somebody else than the agent's user. */
async function isOfAnother(host: Host, { dataDir, user }: InstallChoice): Promise<boolean> {
  const owner = await ownerOf(host, dataDir);
  return owner !== null && String(owner) !== (await askMaybe(host, "id", ["-u", user]))?.trim();
}

/** A system that does not run says it by its files; one that runs may have its users elsewhere (LDAP). */
async function exists(host: Host, database: "passwd" | "group", name: string): Promise<boolean> {
  if (!host.staged) return (await askMaybe(host, "getent", [database, name])) !== null;
  const text = (await contentOf(host, `/etc/${database}`))?.toString() ?? "";
  return text.split("\n").some((line) => line.startsWith(`${name}:`));
}
