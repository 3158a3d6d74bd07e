// Where the models lie that a managed server shares with its user's own, and what is missing to read them and to use
// the GPUs. Pure; `read-access.ts` looks.
import { join } from "node:path";
import type { Environment } from "./environment.ts";

/** What the places to look at depend on. */
export interface StoreFacts {
  /** Of the user's server; null: there is none, or it can't be read. */
  readonly usersServer: Environment | null;
  /** Home of the user whose server it is; null: not known. */
  readonly usersHome: string | null;
  readonly own: Environment;
}

/** Stores of packaged installations. */
const PACKAGED = [
  "/usr/share/ollama/.ollama/models",
  "/var/lib/ollama/.ollama/models",
  "/var/lib/ollama/models",
];

/** Places where the models may be, the likeliest first. The first one says it all where the user's server was read. */
export function storeCandidates({ usersServer, usersHome, own }: StoreFacts): string[] {
  const said = usersServer?.OLLAMA_MODELS;
  if (said) return [said];
  const below = (home: string | null | undefined): string[] =>
    home ? [join(home, ".ollama", "models")] : [];
  if (usersServer !== null) return [...below(usersServer.HOME), ...below(usersHome)].slice(0, 1);
  const ownStore = own.OLLAMA_MODELS ? [own.OLLAMA_MODELS] : [];
  return [...new Set([...below(usersHome), ...ownStore, ...below(own.HOME ?? own.USERPROFILE), ...PACKAGED])];
}

/** A file or folder as far as its permissions go. */
export interface Access {
  readonly path: string;
  /** readable: all that is needed; denied: it is there and closed, or something above it is. */
  readonly state: "readable" | "denied" | "missing";
  readonly owner: string;
  readonly group: string;
  /** Whether its group may do what is needed. */
  readonly groupMay: boolean;
}

/** Who asks. */
export interface Asker {
  readonly user: string;
}

const addTo = (group: string, { user }: Asker): string =>
  `add ${user} to the group ${group} (sudo usermod -aG ${group} ${user}) and start the agent again`;

/** Why the model store can't be used, in one sentence; null when it can. */
export function storeProblem(access: Access, asker: Asker): string | null {
  if (access.state === "readable") return null;
  if (access.state === "missing") {
    return `No model store was found at ${access.path}; set OLLAMA_MODELS of the agent to the folder that the Ollama server uses.`;
  }
  const { path, owner, group, groupMay } = access;
  const advice = groupMay
    ? addTo(group, asker)
    : `its group ${group} may not either: run \`sudo chmod -R g+rX ${path}\`, then ${addTo(group, asker)}`;
  return `The models in ${path} belong to ${owner} and ${asker.user} may not read them; ${advice}.`;
}

/** Why a GPU can't be used, in one sentence; null when all can. */
export function deviceProblem(devices: readonly Access[], asker: Asker): string | null {
  const closed = devices.find(({ state }) => state === "denied");
  if (closed === undefined) return null;
  const { path, owner, group, groupMay } = closed;
  if (groupMay && group !== "root") {
    return `The GPU device ${path} is open to the group ${group} only; ${addTo(group, asker)}.`;
  }
  return `The GPU device ${path} belongs to ${owner} and ${asker.user} may not use it; give it a group that may with a udev rule (GROUP="render", MODE="0660"), then ${addTo("render", asker)}.`;
}
