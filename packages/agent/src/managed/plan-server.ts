// Everything that has to be known before a managed server can be started, or the one sentence that says what is missing.
// The announcement asks for the sentence, a trial for the plan.
import { accessSync, constants, existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, dirname, join } from "node:path";
import { EngineKind } from "@ozone/proto/machine";
import { describeEngine } from "../ollama/describe-engine.ts";
import type { Environment } from "./environment.ts";
import { deviceProblem, storeCandidates, storeProblem } from "./model-store.ts";
import { asker, homeOf, readDeviceAccess, readStoreAccess } from "./read-access.ts";
import { chooseProgram, type ServerProgram } from "./server-program.ts";
import { type SeenProcess, seeServer } from "./users-server.ts";

/** What to start, on whatever port. */
export interface ServerPlan {
  readonly program: ServerProgram;
  /** Folder of the models: Ollama's store, or the data folder of the reference engine. */
  readonly modelStore: string;
  /** Environment of the user's own server; null: there is none, or it can't be read. */
  readonly usersEnvironment: Environment | null;
  /** Version of the user's own server; empty: none answers. */
  readonly usersVersion: string;
}

/** What planning depends on. */
export interface PlanOptions {
  /** The user's own server, whether it answers or not. */
  readonly engineUrl: string;
  readonly env: Environment;
  /** Data folder of a reference engine that nobody else has started. */
  readonly engineDataDir: string;
}

/** Looks around. Never throws. */
export async function planServer(
  options: PlanOptions,
  signal: AbortSignal,
): Promise<ServerPlan | { readonly problem: string }> {
  const { engineUrl, env } = options;
  const engine = await describeEngine(engineUrl, signal);
  const sight = engine.reachable ? await seeServer(engineUrl) : null;
  const named = env.OZONE_OLLAMA?.trim() ?? "";
  if (named !== "" && !isProgram(named)) {
    return {
      problem: `OZONE_OLLAMA is ${named}, which is no program that this agent may run; set it to the path of ollama, or unset it.`,
    };
  }
  const program = chooseProgram({
    answering: engine.reachable ? kindWord(engine.kind) : null,
    sight,
    named,
    onPath: findOnPath("ollama", env.PATH),
    reference: referenceEngine(),
  });
  if ("problem" in program)
    return { problem: `No server of Ozone's own can be started: ${program.problem}.` };
  const seen = sight?.place === "here" ? sight.process : null;
  const common = { program, usersEnvironment: seen?.environment ?? null, usersVersion: engine.version };
  if (program.kind === "reference") return { ...common, modelStore: engineDataDir(seen, options) };
  return ollamaPlan(common, seen, env);
}

function ollamaPlan(
  common: Omit<ServerPlan, "modelStore">,
  seen: SeenProcess | null,
  own: Environment,
): ServerPlan | { readonly problem: string } {
  const { usersEnvironment: usersServer } = common;
  const candidates = storeCandidates({ usersServer, usersHome: homeOf(seen?.userId ?? null), own });
  const looked = candidates.map(readStoreAccess);
  const store =
    looked.find(({ state }) => state === "readable") ??
    looked.find(({ state }) => state === "denied") ??
    looked[0];
  if (store === undefined) {
    return {
      problem: "No model store was found: the agent has no home folder; set OLLAMA_MODELS of the agent.",
    };
  }
  const problem = storeProblem(store, asker()) ?? deviceProblem(readDeviceAccess(), asker());
  return problem === null ? { ...common, modelStore: store.path } : { problem };
}

const kindWord = (kind: EngineKind): "ollama" | "reference" =>
  kind === EngineKind.REFERENCE ? "reference" : "ollama";

/** The data folder of the reference engine that runs, else where one would be started. */
function engineDataDir(seen: SeenProcess | null, { env, engineDataDir: usual }: PlanOptions): string {
  const at = seen?.words.indexOf("--data-dir") ?? -1;
  const told = at >= 0 ? seen?.words[at + 1] : undefined;
  const theirs = seen?.environment;
  const theirFolder =
    theirs?.OZONE_ENGINE_DATA_DIR ?? (theirs?.OZONE_DATA_DIR && join(theirs.OZONE_DATA_DIR, "engine"));
  return told ?? theirFolder ?? env.OZONE_ENGINE_DATA_DIR ?? usual;
}

/** The reference engine's script, found the way Node finds packages; nothing of it is loaded. */
function referenceEngine(): { node: string; script: string } | null {
  try {
    const manifest = createRequire(import.meta.url).resolve("@ozone/engine/package.json");
    const { bin } = JSON.parse(readFileSync(manifest, "utf8")) as { bin?: Record<string, string> };
    const script = join(dirname(manifest), bin?.["ozone-engine"] ?? "");
    return bin?.["ozone-engine"] && existsSync(script) ? { node: process.execPath, script } : null;
  } catch {
    return null; // an agent may be installed alone
  }
}

function findOnPath(name: string, path = ""): string | null {
  const files = path.split(delimiter).flatMap((folder) => [join(folder, name), join(folder, `${name}.exe`)]);
  return files.find((file) => file.startsWith(".") === false && isProgram(file)) ?? null;
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false; // not there, or not ours to run
  }
}
