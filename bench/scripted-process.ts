// Starts the scripted Ollama as a process, and ends it.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { ScriptChange } from "@ozone/simulator/scripted-ollama";

/** A scripted server in its own process. */
export interface ScriptedProcess {
  readonly url: string;
  stop(): Promise<void>;
}

/** Beside this file once both are bundled. */
const PROGRAM = fileURLToPath(new URL("./scripted-server.js", import.meta.url));

/** Starts one and waits until it listens. */
export async function startScriptedProcess(script: ScriptChange): Promise<ScriptedProcess> {
  const child = spawn(process.execPath, [PROGRAM], { stdio: ["pipe", "pipe", "inherit"] });
  const ended = once(child, "exit");
  child.stdin.write(`${JSON.stringify(script)}\n`);
  const lines = createInterface({ input: child.stdout });
  const first = await Promise.race([
    once(lines, "line").then(([line]) => String(line)),
    ended.then(([code]) => {
      throw new Error(`The scripted server ended with ${code} before it listened.`);
    }),
  ]);
  return {
    url: (JSON.parse(first) as { url: string }).url,
    async stop() {
      child.stdin.end();
      const hard = setTimeout(() => child.kill("SIGKILL"), 10_000);
      await ended;
      clearTimeout(hard);
    },
  };
}
