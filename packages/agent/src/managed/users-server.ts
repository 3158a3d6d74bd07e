// The server that its user runs, as far as another process may look at it: which program, with what environment, on
// this host or somewhere that can't be seen.
import { readFileSync, readlinkSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { onPlatform } from "@ozone/shared/platform";
import { findListener } from "../machine/listening-port.ts";
import { listPids } from "../machine/process-tree.ts";
import type { Environment } from "./environment.ts";

/** A process as /proc shows it; null: not ours to read. */
export interface SeenProcess {
  readonly pid: number;
  /** Path of the program. */
  readonly executable: string | null;
  readonly words: readonly string[];
  readonly environment: Environment | null;
  /** Number of its user. */
  readonly userId: number | null;
  /** It has a file system of its own: its paths mean nothing here. */
  readonly contained: boolean;
}

/** Where the server of a URL is. `elsewhere` has its reason. */
export type ServerSight =
  | { readonly place: "here"; readonly process: SeenProcess }
  | { readonly place: "hidden" }
  | { readonly place: "elsewhere"; readonly reason: string };

const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/** Looks at the process behind a URL that answers. */
export async function seeServer(engineUrl: string, procRoot = "/proc"): Promise<ServerSight> {
  const url = new URL(engineUrl);
  if (!LOOPBACK.test(url.hostname)) {
    return { place: "elsewhere", reason: `the server at ${engineUrl} runs on another host` };
  }
  const canLook = onPlatform(process.platform, { linux: true, macos: false, windows: false, other: false });
  if (!canLook) return { place: "hidden" };
  const port = Number(url.port || "80");
  const owner = await findListener(port, procRoot);
  if (owner.pid === null && owner.reason.startsWith("Nothing listens")) {
    return {
      place: "elsewhere",
      reason: `what answers at ${engineUrl} does not listen in this system (a container, or Windows behind WSL)`,
    };
  }
  const pid = owner.pid ?? onlyServer(procRoot);
  return pid === null ? { place: "hidden" } : sightOf(seeProcess(pid, procRoot), engineUrl);
}

/** Pure: what a look at the process means. */
export function sightOf(seen: SeenProcess, engineUrl: string): ServerSight {
  const program = basename(seen.executable ?? seen.words[0] ?? "");
  if (seen.contained || /^(docker-proxy|rootlessport|slirp4netns|pasta|conmon)/.test(program)) {
    return { place: "elsewhere", reason: `the server at ${engineUrl} runs in a container` };
  }
  return { place: "here", process: seen };
}

/** The one `ollama serve` of this host: whose sockets are hidden from us, its words are not. Null unless there is one. */
function onlyServer(procRoot: string): number | null {
  const servers = listPids(procRoot).filter((pid) => {
    const [program = "", command] = wordsOf(read(join(procRoot, pid, "cmdline")));
    return basename(program) === "ollama" && command === "serve";
  });
  return servers.length === 1 ? Number(servers[0]) : null;
}

/** Looks at one process. */
export function seeProcess(pid: number, procRoot = "/proc"): SeenProcess {
  const folder = join(procRoot, String(pid));
  const environment = read(join(folder, "environ"));
  return {
    pid,
    executable: link(join(folder, "exe"))?.replace(/ \(deleted\)$/, "") ?? null,
    words: wordsOf(read(join(folder, "cmdline"))),
    environment: environment === "" ? null : environmentOf(environment),
    userId: ownerOf(folder),
    contained: isContained(folder, procRoot),
  };
}

function isContained(folder: string, procRoot: string): boolean {
  const [theirs, ours] = [folder, join(procRoot, "self")].map((one) => link(join(one, "ns/mnt")));
  // A service may have a mount namespace of its own (systemd's PrivateTmp); its root is still the root of all.
  if (theirs != null && ours != null && theirs !== ours) {
    const groups = read(join(folder, "cgroup"));
    return (
      /docker|containerd|kubepods|libpod|lxc/.test(groups) && groups !== read(join(procRoot, "self/cgroup"))
    );
  }
  if (theirs != null) return false;
  return /docker|containerd|kubepods|libpod|lxc/.test(read(join(folder, "cgroup")));
}

const wordsOf = (text: string): string[] => text.split("\0").filter((word) => word !== "");

/** NUL-separated NAME=value, as in /proc/PID/environ. */
export const environmentOf = (text: string): Environment =>
  Object.fromEntries(
    wordsOf(text).flatMap((entry) => {
      const at = entry.indexOf("=");
      return at > 0 ? [[entry.slice(0, at), entry.slice(at + 1)]] : [];
    }),
  );

function ownerOf(folder: string): number | null {
  try {
    return statSync(folder).uid;
  } catch {
    return null; // it ended meanwhile
  }
}

function link(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null; // another user's
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return ""; // another user's, or it ended meanwhile
  }
}
