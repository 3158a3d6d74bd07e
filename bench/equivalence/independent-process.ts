// Starts the independent measurement as a process and asks it for samples, one at a time.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { type Cell, NUM_PREDICT, type Rates } from "./cells.ts";

/** A loaded, warmed-up independent measurement. */
export interface Independent {
  readonly pid: number;
  sample(): Promise<Rates>;
  stop(): Promise<void>;
}

/** Beside the bundle of the bench, in the folder that it has in the sources. */
const PROGRAM = fileURLToPath(new URL("./equivalence/independent.js", import.meta.url));

/** A sample takes a second or two; a library that never settles is noticed here. */
const ANSWER_LIMIT_MS = 60_000;

/** Loads the model for one cell. */
export async function startIndependent(modelPath: string, cell: Cell): Promise<Independent> {
  const settings = JSON.stringify({ ...cell, modelPath, numPredict: NUM_PREDICT });
  const child = spawn(process.execPath, [PROGRAM, settings], {
    stdio: ["pipe", "pipe", "pipe"],
    // One call to llama.cpp at a time needs one thread to make it, not Node's four that take turns.
    env: { ...process.env, UV_THREADPOOL_SIZE: "1" },
  });
  const ended = once(child, "close");
  let complaints = "";
  child.stderr.on("data", (chunk: Buffer) => {
    complaints = (complaints + String(chunk)).slice(-2_000);
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async (): Promise<Readonly<Record<string, unknown>>> => {
    const hard = setTimeout(() => child.kill("SIGKILL"), ANSWER_LIMIT_MS);
    const { value, done } = await lines.next();
    clearTimeout(hard);
    if (done === true) throw new Error(`The independent measurement ended without an answer: ${complaints}`);
    return JSON.parse(value) as Readonly<Record<string, unknown>>;
  };
  const stop = async (): Promise<void> => {
    child.kill("SIGKILL");
    await ended;
  };
  try {
    const { threads, numBatch } = await answer();
    if (threads !== 1 || numBatch !== cell.numBatch) {
      throw new Error(`The independent measurement has ${threads} threads and batches of ${numBatch}.`);
    }
  } catch (thrown) {
    await stop();
    throw thrown;
  }
  return {
    pid: child.pid ?? -1,
    async sample() {
      child.stdin.write("sample\n");
      const { decode, prefill, promptTokens } = await answer();
      if (promptTokens !== cell.promptTokens) throw new Error(`It filled ${promptTokens} tokens.`);
      return { decode: Number(decode), prefill: Number(prefill) };
    },
    stop,
  };
}
