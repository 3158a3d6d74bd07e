// Who may read a model store or use a GPU device: looks at the files, decides nothing.
import { accessSync, constants, existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { userInfo } from "node:os";
import { dirname, join } from "node:path";
import { systemCodeOf } from "@ozone/shared/errors";
import type { Access, Asker } from "./model-store.ts";

const GROUP_READ_SEARCH = 0o050;
const GROUP_READ_WRITE = 0o060;

/** A store is readable when its list of models and their files are. */
export function readStoreAccess(store: string): Access {
  const problem = [store, join(store, "manifests"), join(store, "blobs")]
    .map((path) => closedAt(path, constants.R_OK | constants.X_OK))
    .find((found) => found !== null);
  if (problem === undefined) return { path: store, state: "readable", owner: "", group: "", groupMay: true };
  if (problem === "missing") return { path: store, state: "missing", owner: "", group: "", groupMay: true };
  return { ...ownership(problem, GROUP_READ_SEARCH), path: store, state: "denied" };
}

/**
 * Device files of the GPUs that Ollama computes on: those that are there. Render nodes count with AMD's compute device
 * only: every laptop has one, and most of them don't compute on it.
 */
export function readDeviceAccess(folder = "/dev"): Access[] {
  const names = ["kfd", "nvidiactl", "nvidia-uvm", ...numbered(folder, /^nvidia\d+$/)];
  const render = existsSync(join(folder, "kfd")) ? numbered(join(folder, "dri"), /^renderD\d+$/) : [];
  return [...names, ...render.map((name) => join("dri", name))]
    .map((name) => join(folder, name))
    .filter((path) => existsSync(path))
    .map((path) => {
      const closed = closedAt(path, constants.R_OK | constants.W_OK) === null ? null : path;
      if (closed === null) return { path, state: "readable", owner: "", group: "", groupMay: true };
      return { ...ownership(path, GROUP_READ_WRITE), path, state: "denied" };
    });
}

/** Who this process is. */
export function asker(): Asker {
  try {
    return { user: userInfo().username };
  } catch {
    return { user: `user ${process.getuid?.() ?? ""}`.trim() }; // a number without an entry in /etc/passwd
  }
}

/** Home folder of a user number, from /etc/passwd; null when it is not there. */
export function homeOf(userId: number | null, passwd = "/etc/passwd"): string | null {
  const fields = lineOf(passwd, userId);
  return fields?.[5] || null;
}

/** The first path from the root down that is closed; "missing", or null when the path is open. */
function closedAt(path: string, mode: number): string | "missing" | null {
  try {
    accessSync(path, mode);
    return null;
  } catch (thrown) {
    if (systemCodeOf(thrown) === "ENOENT") return "missing";
  }
  const parent = dirname(path);
  const above = parent === path ? null : closedAt(parent, constants.X_OK);
  return above === null || above === "missing" ? path : above;
}

function ownership(path: string, groupBits: number): Pick<Access, "owner" | "group" | "groupMay"> {
  try {
    const { uid, gid, mode } = statSync(path);
    return {
      owner: lineOf("/etc/passwd", uid)?.[0] ?? `user ${uid}`,
      group: lineOf("/etc/group", gid)?.[0] ?? `group ${gid}`,
      groupMay: (mode & groupBits) === groupBits,
    };
  } catch {
    return { owner: "another user", group: "its owner's", groupMay: false }; // not even its owner can be read
  }
}

/** The fields of a number's line in /etc/passwd or /etc/group. */
function lineOf(file: string, id: number | null): string[] | null {
  try {
    const lines = readFileSync(file, "utf8").split("\n");
    return (
      lines.map((line) => line.split(":")).find((fields) => Number(fields[2]) === id && fields.length > 3) ??
      null
    );
  } catch {
    return null; // no such file off Linux
  }
}

function numbered(folder: string, pattern: RegExp): string[] {
  try {
    return readdirSync(folder).filter((name) => pattern.test(name));
  } catch {
    return []; // no such device
  }
}
