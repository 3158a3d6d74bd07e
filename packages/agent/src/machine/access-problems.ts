// What the agent may not read on its host, each in one sentence that names the group or setting that is missing.
// Pure: the readings come from access-look.ts.

/** One path as this user sees it. */
export type PathLook = {
  path: string;
  /** Permission bits, lowest nine. */
  mode: number;
  /** Names of its owner and group; the number as text where it has no name. */
  owner: string;
  group: string;
  /** Whether this user can do what is needed. */
  allowed: boolean;
};

/** Everything that was looked at; empty and null: not there, so that nothing is missing. */
export type AccessLook = {
  /** /dev/nvidia*, /dev/kfd, /dev/dri/renderD*. */
  gpuDevices: readonly PathLook[];
  /** The first folder on the way to the model store that can't be read. */
  modelStore: PathLook | null;
  /** RAPL's energy counter. */
  energyCounter: PathLook | null;
  /** The server's process, when it belongs to another user who is not visible to this one. */
  serverProcess: { owner: string; port: number } | null;
  /** /proc hides the processes of other users; the group that may see them, empty when none. */
  hiddenProcesses: { group: string } | null;
};

const GROUP_READ = 0o040;
const GROUP_WRITE = 0o020;

/** The sentences. */
export function accessProblems(look: AccessLook): string[] {
  return [
    ...look.gpuDevices.filter(({ allowed }) => !allowed).map(deviceProblem),
    ...(look.modelStore === null || look.modelStore.allowed ? [] : [storeProblem(look.modelStore)]),
    ...(look.energyCounter === null || look.energyCounter.allowed ? [] : [energyProblem(look.energyCounter)]),
    ...(look.hiddenProcesses === null ? [] : [hiddenProblem(look.hiddenProcesses)]),
    ...(look.serverProcess === null ? [] : [processProblem(look.serverProcess)]),
  ];
}

/** A group that owns the device with reading and writing is the way in; root's own group is none that one joins. */
function deviceProblem({ path, mode, group }: PathLook): string {
  const opens = (mode & GROUP_READ) !== 0 && (mode & GROUP_WRITE) !== 0 && group !== "root";
  const advice = opens
    ? `add this user to the group ${group}`
    : "give a group reading and writing on it (a udev rule) and add this user to that group";
  return `The GPU device ${path} can't be opened: ${advice}, then start the agent again.`;
}

function storeProblem({ path, mode, group, owner }: PathLook): string {
  const advice =
    (mode & GROUP_READ) !== 0 && group !== "root"
      ? `add this user to the group ${group} and start the agent again`
      : `it belongs to ${owner}; let a group read it (chmod g+rx) and add this user to that group`;
  return `The model store can't be read at ${path}: ${advice}.`;
}

const energyProblem = ({ path }: PathLook): string =>
  `The energy of the processor is unknown: ${path} may be read by root only; let the agent's group read it (a udev rule), or run the agent as root.`;

const hiddenProblem = ({ group }: { group: string }): string =>
  group === ""
    ? "The processes of other users are hidden (/proc is mounted with hidepid), so their load and the server's memory are unknown; mount it with gid= of a group that this user is in."
    : `The processes of other users are hidden (/proc is mounted with hidepid), so their load and the server's memory are unknown; add this user to the group ${group}.`;

const processProblem = ({ owner, port }: { owner: string; port: number }): string =>
  `The memory of the server on port ${port} is unknown: its process belongs to the user ${owner}; run the agent as ${owner}, or give it CAP_SYS_PTRACE (AmbientCapabilities in its systemd unit).`;
