// Runs a command of this machine's agent program to its end: JSON in, one JSON document out, its progress passed on.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { type ErrorCode, messageOf, OzoneError } from "@ozone/shared/errors";
import { programPath } from "../local/launch.ts";
import { ollamaUrl } from "../local/ollama-address.ts";
import { livingAgent } from "../local/start-agent.ts";

/** What to run. */
export interface AgentCommand {
  readonly words: readonly string[];
  /** Written to its stdin. */
  readonly input?: unknown;
  readonly folder: string;
  /** Asks it to end, which undoes what it began. */
  readonly signal: AbortSignal;
  progress(line: string): void;
}

/** How it ended. */
export interface AgentAnswer {
  readonly exitCode: number;
  readonly document: Readonly<Record<string, unknown>>;
}

/** The server of the agent that runs here, else OLLAMA_HOST's. */
export const engineUrlHere = (folder: string): string =>
  livingAgent(folder)?.engineUrl ?? ollamaUrl(process.env.OLLAMA_HOST ?? "");

/**
 * Runs it.
 * @throws OzoneError with the agent's own code and sentence, or internal when it ended without an answer
 */
export async function runAgent(command: AgentCommand): Promise<AgentAnswer> {
  const { words, input, folder, signal } = command;
  const child = spawn(process.execPath, [programPath("ozone-agent"), ...words], {
    windowsHide: true,
    cwd: folder,
    env: { ...process.env, OZONE_DATA_DIR: folder, OLLAMA_HOST: engineUrlHere(folder) },
    stdio: ["pipe", "pipe", "pipe"],
  });
  const stop = (): void => void child.kill("SIGTERM");
  signal.addEventListener("abort", stop, { once: true });
  // It may have ended before it read anything; its answer says why.
  child.stdin.on("error", () => undefined);
  child.stdin.end(input === undefined ? "" : JSON.stringify(input));
  const told = passOn(child.stderr, command);
  try {
    const [[code], stdout, lastLine] = await Promise.all([
      once(child, "close") as Promise<[number | null]>,
      text(child.stdout),
      told,
    ]);
    return answerOf({ code, stdout, lastLine });
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/** @returns the last line, once there are no more */
async function passOn(stream: NodeJS.ReadableStream, { progress }: AgentCommand): Promise<string> {
  let last = "";
  for await (const line of createInterface({ input: stream })) {
    progress(line);
    last = line;
  }
  return last;
}

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly lastLine: string;
}

function answerOf({ code, stdout, lastLine }: Ended): AgentAnswer {
  const document = documentOf(stdout);
  if (document === null || code === null) {
    const why = lastLine === "" ? "it said nothing" : `its last words: ${lastLine}`;
    throw new OzoneError("internal", `ozone-agent ended without an answer (${why}).`);
  }
  const { error } = document as { error?: { code?: unknown; message?: unknown } };
  if (error === undefined) return { exitCode: code, document };
  throw new OzoneError(String(error.code) as ErrorCode, messageOf(error.message));
}

function documentOf(stdout: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(stdout);
    return typeof value === "object" && value !== null ? { ...value } : null;
  } catch {
    return null; // it was cut off
  }
}
