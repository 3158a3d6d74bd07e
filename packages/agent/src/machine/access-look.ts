// Looks at what the agent may read on a Linux host: modes, owners and groups of devices, model store and counters. Other
// systems have no such files; there nothing is looked at.
import { constants } from "node:fs";
import { access, readdir, readFile, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { onPlatform } from "@ozone/shared/platform";
import { type AccessLook, accessProblems, type PathLook } from "./access-problems.ts";
import { listeningUsers } from "./listening-port.ts";

/** What to look at; tests bring folders of their own. */
export type AccessOptions = {
  /** Port of the server, null when it is not on this host. */
  port: number | null;
  /** Whether the server's process is this user's own or can be read all the same. */
  serverReadable: boolean;
  /** OLLAMA_MODELS, if set. */
  modelStore?: string | undefined;
  root?: string;
  uid?: number;
  /** Whether this user may do that with a path. */
  may?: MayAccess;
};

type MayAccess = (path: string, needed: number) => Promise<boolean>;

const mayAccess: MayAccess = (path, needed) =>
  access(path, needed).then(
    () => true,
    () => false,
  );

const NOTHING: AccessLook = {
  gpuDevices: [],
  modelStore: null,
  energyCounter: null,
  serverProcess: null,
  hiddenProcesses: null,
};

/** Where the packaged Ollama of Linux keeps its models. */
const PACKAGED_STORE = "usr/share/ollama/.ollama/models";
const READ_WRITE = constants.R_OK | constants.W_OK;
const READ_ENTER = constants.R_OK | constants.X_OK;

/** The sentences about this host. Never rejects. */
export async function readAccessProblems(
  options: AccessOptions,
  platform: string = process.platform,
): Promise<string[]> {
  const look = onPlatform(platform, {
    linux: () => lookAround(options),
    macos: async () => NOTHING,
    windows: async () => NOTHING,
    other: async () => NOTHING,
  });
  return accessProblems(await look());
}

async function lookAround(options: AccessOptions): Promise<AccessLook> {
  const root = options.root ?? "/";
  const host = { names: await accountNames(root), may: options.may ?? mayAccess };
  const store = options.modelStore || join(root, PACKAGED_STORE);
  const counter = join(root, "sys/class/powercap/intel-rapl:0/energy_uj");
  const [devices, modelStore, energyCounter, serverProcess, hiddenProcesses] = await Promise.all([
    gpuDevices(root),
    firstClosed(store, host),
    lookAt(counter, constants.R_OK, host),
    serverOf(options, root, host.names),
    hiddenOf(options, root, host.names),
  ]);
  const looks = await Promise.all(devices.map((path) => lookAt(path, READ_WRITE, host)));
  return {
    gpuDevices: looks.filter((one) => one !== null),
    modelStore,
    energyCounter,
    serverProcess,
    hiddenProcesses,
  };
}

async function gpuDevices(root: string): Promise<string[]> {
  const dev = join(root, "dev");
  const [own, render] = await Promise.all([entries(dev), entries(join(dev, "dri"))]);
  return [
    ...own.filter((name) => /^(?:nvidia(?:\d+|ctl|-uvm)|kfd)$/.test(name)).map((name) => join(dev, name)),
    ...render.filter((name) => /^renderD\d+$/.test(name)).map((name) => join(dev, "dri", name)),
  ].sort();
}

/** Null when there is no such file, or nobody can tell. */
async function lookAt(path: string, needed: number, { names, may }: Host): Promise<PathLook | null> {
  const found = await stat(path).catch(() => null);
  if (found === null) return null;
  const mode = found.mode & 0o777;
  const [owner, group] = [names.user(found.uid), names.group(found.gid)];
  return { path, mode, owner, group, allowed: await may(path, needed) };
}

/** From the store upwards: a folder that may not be entered hides what is in it, so the topmost closed one counts. */
async function firstClosed(store: string, host: Host): Promise<PathLook | null> {
  let closed: PathLook | null = null;
  for (let path = store; path !== dirname(path); path = dirname(path)) {
    const look = await lookAt(path, path === store ? READ_ENTER : constants.X_OK, host);
    if (look !== null && !look.allowed) closed = look;
  }
  return closed;
}

async function serverOf(
  { port, serverReadable, uid = process.getuid?.() ?? 0 }: AccessOptions,
  root: string,
  names: Accounts,
): Promise<AccessLook["serverProcess"]> {
  if (port === null || serverReadable || uid === 0) return null;
  const tables = await Promise.all(["tcp", "tcp6"].map((name) => textOf(join(root, "proc/net", name))));
  const owner = tables.flatMap((table) => listeningUsers(table, port)).find((user) => user !== uid);
  return owner === undefined ? null : { owner: names.user(owner), port };
}

/** "proc /proc proc rw,...,hidepid=invisible,gid=27": the options stand behind the dash of /proc/self/mountinfo. */
async function hiddenOf(
  { uid = process.getuid?.() ?? 0 }: AccessOptions,
  root: string,
  names: Accounts,
): Promise<AccessLook["hiddenProcesses"]> {
  if (uid === 0) return null;
  const line = (await textOf(join(root, "proc/self/mountinfo")))
    .split("\n")
    .find((one) => one.split(" ")[4] === "/proc" && / - proc /.test(one));
  if (line === undefined || !/\bhidepid=(?:1|2|4|noaccess|invisible|ptraceable)\b/.test(line)) return null;
  const gid = /\bgid=(\d+)/.exec(line)?.[1];
  const visible = (await entries(join(root, "proc"))).includes("1");
  return visible ? null : { group: gid === undefined ? "" : names.group(Number(gid)) };
}

/** What looking at a path needs. */
type Host = { names: Accounts; may: MayAccess };

/** Names of users and groups of this host. */
type Accounts = { user(uid: number): string; group(gid: number): string };

async function accountNames(root: string): Promise<Accounts> {
  const [users, groups] = await Promise.all([
    textOf(join(root, "etc/passwd")),
    textOf(join(root, "etc/group")),
  ]);
  const nameIn = (text: string, id: number): string =>
    text
      .split("\n")
      .find((line) => line.split(":")[2] === String(id))
      ?.split(":")[0] ?? String(id);
  return { user: (uid) => nameIn(users, uid), group: (gid) => nameIn(groups, gid) };
}

const entries = (folder: string): Promise<string[]> => readdir(folder).catch(() => []);

const textOf = (file: string): Promise<string> => readFile(file, "utf8").catch(() => "");
