// The reference engine as its users start it, in a folder of its own.
import { RunningProgram } from "@ozone/e2e/setup/processes.ts";
import { waitFor } from "@ozone/e2e/setup/wait-for.ts";

/** A running engine. */
export interface Engine {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

/** Starts an engine on a free port and waits until it listens. */
export async function startEngine(
  dataDir: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Engine> {
  const args = ["serve", "--port", "0", "--data-dir", dataDir];
  const program = new RunningProgram("engine", { args, env });
  const line = /\{"listening":"(http:[^"]+)"/;
  const output = await waitFor(
    "a listening engine",
    () => {
      if (!program.isRunning) throw new Error(`the engine ended: ${program.output}`);
      return program.output;
    },
    { until: (text) => line.test(text) },
  );
  return {
    url: line.exec(output)?.[1] ?? "",
    pid: program.pid,
    stop: async () => {
      await program.stop();
    },
  };
}
