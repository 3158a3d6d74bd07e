// Asks one module once, in a thread of its own that shares nothing with the coordinator and is ended afterwards, however
// it went. This keeps mistakes away, not malice: a module runs with the rights of whoever runs the coordinator.
import { Worker } from "node:worker_threads";
import { PLUG_IN_API_VERSION } from "../search/plug-in/question.ts";
import type { PlugInAnswer } from "../store/target-state.ts";
import { importOf } from "./find-module.ts";
import { WORKER_SOURCE, type WorkerQuestion } from "./worker-source.ts";

/** A step takes milliseconds; who thinks longer than this has lost its way. */
export const ANSWER_LIMIT_MS = 10_000;
const CHEAP_MS = 1_000;
const MEMORY_MIB = 512;
const ANSWER_CHARACTERS_MAX = 32 * 1024 * 1024;
const PROBLEM_CHARACTERS_MAX = 300;

/** One question to one module. */
export interface AskOptions {
  /** Canonical path of the module, as `findModule` gives it. */
  readonly module: string;
  readonly stateJson: string;
  readonly limitMs?: number;
  readonly signal?: AbortSignal;
  /** Takes what the module prints; without it that is lost. */
  readonly onOutput?: (text: string) => void;
}

function startThread({ module, stateJson, onOutput }: AskOptions): Worker {
  const workerData: WorkerQuestion = {
    ...importOf(module),
    apiVersion: PLUG_IN_API_VERSION,
    stateJson,
    cheapMs: CHEAP_MS,
  };
  const worker = new Worker(WORKER_SOURCE, {
    eval: true,
    workerData,
    // The environment holds the database's password.
    env: {},
    argv: [],
    execArgv: [],
    stdin: false,
    stdout: true,
    stderr: true,
    resourceLimits: { maxOldGenerationSizeMb: MEMORY_MIB },
  });
  for (const stream of [worker.stdout, worker.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => onOutput?.(text));
  }
  return worker;
}

/** A message of the thread; the module could have sent anything. */
function answerOf(message: unknown): PlugInAnswer {
  const { answerJson, problem } = Object(message) as { answerJson?: unknown; problem?: unknown };
  if (typeof answerJson === "string") {
    return answerJson.length <= ANSWER_CHARACTERS_MAX
      ? { answerJson }
      : { problem: "gave an answer that is too large" };
  }
  const words = typeof problem === "string" ? problem : "sent something that is no answer";
  return { problem: words.replace(/\s+/g, " ").replace(/\.$/, "").slice(0, PROBLEM_CHARACTERS_MAX) };
}

const isOutOfMemory = (thrown: Error): boolean =>
  "code" in thrown && thrown.code === "ERR_WORKER_OUT_OF_MEMORY";

/** The module's answer, or what it did instead. Never rejects. */
export async function askModule(options: AskOptions): Promise<PlugInAnswer> {
  const { limitMs = ANSWER_LIMIT_MS, signal } = options;
  const worker = startThread(options);
  let timer: NodeJS.Timeout | undefined;
  let stop = (): void => undefined;
  const answer = await new Promise<PlugInAnswer>((resolve) => {
    const fail = (problem: string) => resolve({ problem });
    timer = setTimeout(() => fail(`gave no answer within ${limitMs / 1000} s`), limitMs);
    stop = () => fail("was stopped with the coordinator");
    signal?.addEventListener("abort", stop, { once: true });
    worker.once("message", (message) => resolve(answerOf(message)));
    worker.once("error", (thrown) =>
      isOutOfMemory(thrown)
        ? fail(`needed more than ${MEMORY_MIB} MiB of memory`)
        : resolve(answerOf({ problem: `failed outside of next(state): ${thrown.message}` })),
    );
    worker.once("exit", () => fail("ended its thread without an answer"));
  });
  clearTimeout(timer);
  signal?.removeEventListener("abort", stop);
  await worker.terminate();
  return answer;
}
