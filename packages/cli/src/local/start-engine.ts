// The engine to measure: the Ollama that was named, else a local Ollama with models, else our reference engine.
import type { EngineRunFile } from "@ozone/shared/data-folder";
import { OzoneError } from "@ozone/shared/errors";
import { type Launched, launch } from "./launch.ts";
import { lastError } from "./log-lines.ts";
import { LOCAL_OLLAMA, ollamaUrl } from "./ollama-address.ts";
import { type OllamaProbe, probeOllama } from "./ollama-probe.ts";
import { isRunning } from "./process-identity.ts";
import { readEngineRunFile, writeEngineRunFile } from "./run-files.ts";
import type { StackOptions } from "./stack-options.ts";
import { throwIfEnded } from "./start-coordinator.ts";
import { waitUntil } from "./wait-until.ts";

/** The first start generates the synthetic model. */
const START_MS = 180_000;

/** The engine that is used, and why. */
export interface EngineHandle extends OllamaProbe {
  readonly url: string;
  readonly kind: "ollama" | "reference";
  readonly started: boolean;
  /** What the person has to know about it; empty when there is nothing. */
  readonly notice: string;
}

const REFERENCE_NOTICE =
  "The reference engine with a synthetic model is used instead: its timings are real, its text is noise, and nothing here is a result about a real model.";

/** What run/engine.json says, if that process still runs. */
export function livingEngine(folder: string): EngineRunFile | null {
  const runFile = readEngineRunFile(folder);
  if (runFile === null) return null;
  return isRunning({ pid: runFile.pid, program: "ozone-engine", folder }) ? runFile : null;
}

/**
 * Finds or starts the engine.
 * @throws OzoneError unavailable when OLLAMA_HOST names an address where nothing answers.
 */
export async function ensureEngine(
  options: StackOptions,
  onLaunch: (pid: number) => void,
): Promise<EngineHandle> {
  const named = options.env.OLLAMA_HOST?.trim();
  if (named) return namedOllama(ollamaUrl(named));
  const local = await probeOllama(LOCAL_OLLAMA);
  if (local !== null && local.modelCount > 0) {
    return { ...local, url: LOCAL_OLLAMA, kind: "ollama", started: false, notice: "" };
  }
  const why =
    local === null
      ? `No Ollama answers at ${LOCAL_OLLAMA}.`
      : `The Ollama at ${LOCAL_OLLAMA} has no models (\`ollama pull\` gets one).`;
  return referenceEngine(options, { notice: `${why} ${REFERENCE_NOTICE}`, onLaunch });
}

async function namedOllama(url: string): Promise<EngineHandle> {
  const found = await probeOllama(url);
  if (found === null) {
    const message = `No Ollama answers at ${url} (OLLAMA_HOST); start it there, or unset OLLAMA_HOST to use a local one or the reference engine.`;
    throw new OzoneError("unavailable", message);
  }
  const notice =
    found.modelCount > 0
      ? ""
      : `The Ollama at ${url} has no models; pull one (\`ollama pull\`) before a sweep.`;
  return { ...found, url, kind: "ollama", started: false, notice };
}

async function referenceEngine(
  options: StackOptions,
  { notice, onLaunch }: { notice: string; onLaunch: (pid: number) => void },
): Promise<EngineHandle> {
  const living = livingEngine(options.folder);
  const answering = living && living.url !== "" ? await probeOllama(living.url) : null;
  if (living && answering) {
    return { ...answering, url: living.url, kind: "reference", started: false, notice };
  }
  options.progress(notice);
  options.progress("engine: starting the reference engine");
  const launched = await launch({
    program: "ozone-engine",
    args: ["serve", "--port", "0"],
    folder: options.folder,
  });
  onLaunch(launched.pid);
  writeEngineRunFile(options.folder, { pid: launched.pid, url: "" });
  const { url, probe } = await waitUntil(() => ready(launched), {
    withinMs: START_MS,
    signal: options.signal,
    onTimeout: () =>
      `The reference engine was not ready within ${START_MS / 1000} s; its log ${launched.logPath} ends with: ${lastError(launched.log.all()) ?? "nothing"}`,
  });
  writeEngineRunFile(options.folder, { pid: launched.pid, url });
  return { ...probe, url, kind: "reference", started: true, notice };
}

async function ready(launched: Launched): Promise<{ url: string; probe: OllamaProbe } | null> {
  throwIfEnded("reference engine", launched);
  const url = listeningUrl(launched.log.all().map(({ text }) => text));
  if (url === null) return null;
  const probe = await probeOllama(url);
  return probe && { url, probe };
}

/** The address in the engine's line {"listening":"http://127.0.0.1:PORT", ...}. */
export function listeningUrl(lines: readonly string[]): string | null {
  for (const line of lines) {
    const found = /"listening"\s*:\s*"(http:\/\/[^"\s]+)"/.exec(line)?.[1];
    if (found && URL.canParse(found)) return found;
  }
  return null;
}
