// An opaque id that all agents of one host share: a salted hash of the system's machine id, which itself never
// leaves the host. In a container the machine id belongs to the image, so that an id kept by the caller is used.

import { createHash, randomBytes } from "node:crypto";
import { access, readFile } from "node:fs/promises";
import { hasProc } from "./proc.ts";
import { askMachineId, type Notes } from "./system-information.ts";

/** Where an id came from; "persisted" and "generated" ones are to be kept by the caller for the next start. */
export type HostId = { hostId: string; source: "machine-id" | "persisted" | "generated" };

const SALT = "ozone";
const MACHINE_ID_FILES = ["/etc/machine-id", "/var/lib/dbus/machine-id"];
const CONTAINER_FILES = ["/.dockerenv", "/run/.containerenv"];

/** 32 hexadecimal digits: sha256 of salt and machine id, truncated. */
export function hashMachineId(machineId: string): string {
  return createHash("sha256").update(`${SALT}:${machineId.trim().toLowerCase()}`).digest("hex").slice(0, 32);
}

/**
 * Chooses the id. Pure but for the random one.
 * @param machineId of the system, null when unreadable
 * @param inContainer true where the machine id can't be trusted: containers of one image share it
 * @param persisted what the caller kept from an earlier start
 */
export function chooseHostId(
  machineId: string | null,
  inContainer: boolean,
  persisted: string | null,
): HostId {
  const usable = machineId !== null && /[0-9a-f]{8}/i.test(machineId) && !/^[0-]+$/.test(machineId);
  if (usable && !inContainer) return { hostId: hashMachineId(machineId), source: "machine-id" };
  if (persisted !== null && /^[0-9a-f]{32}$/.test(persisted))
    return { hostId: persisted, source: "persisted" };
  return { hostId: randomBytes(16).toString("hex"), source: "generated" };
}

/** The id of this host. Two containers on one host get different ids: they can't see that they share it. */
export async function readHostId(persisted: string | null, notes: Notes): Promise<HostId> {
  const linux = hasProc();
  const machineId = linux ? await readMachineIdFile() : await askMachineId(notes);
  const inContainer = linux && (await isContainer());
  const chosen = chooseHostId(machineId, inContainer, persisted);
  if (chosen.source !== "machine-id") {
    const why = inContainer ? "this is a container" : "the system has no machine id";
    notes.push(`The host id was ${chosen.source}, because ${why}; keep it in the data folder.`);
  }
  return chosen;
}

async function readMachineIdFile(): Promise<string | null> {
  for (const file of MACHINE_ID_FILES) {
    const text = await readFile(file, "utf8").catch(() => ""); // the next file, or none, decides
    if (text.trim() !== "") return text;
  }
  return null;
}

/** True inside Docker, Podman, Kubernetes or LXC. */
export async function isContainer(): Promise<boolean> {
  if (process.env.container !== undefined || process.env.KUBERNETES_SERVICE_HOST !== undefined) return true;
  const found = await Promise.all(
    CONTAINER_FILES.map((file) =>
      access(file).then(
        () => true,
        () => false,
      ),
    ),
  );
  if (found.includes(true)) return true;
  const cgroups = await readFile("/proc/1/cgroup", "utf8").catch(() => "");
  return /docker|containerd|kubepods|lxc/.test(cgroups);
}
