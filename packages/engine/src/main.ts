// The entry point: reads the command, runs it, and ends with 0 for success, 1 for a failure, 2 for a usage error.
import { closeSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { homedir } from "node:os";
import { engineVersion } from "./api/version.ts";
import { type Command, helpText, parseCommand, UsageError } from "./command-line.ts";
import { writeGguf } from "./gguf/write.ts";
import { logToStderr } from "./log.ts";
import { startEngine } from "./serve.ts";
import { readSettings } from "./settings.ts";
import { syntheticContent } from "./synthetic/content.ts";
import { presets } from "./synthetic/presets.ts";

// A log that nobody reads any more is no reason to stop serving.
process.stderr.on("error", () => undefined);

try {
  await run(parseCommand(process.argv.slice(2)));
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`ozone-engine: ${message}\n`);
  process.exit(error instanceof UsageError ? 2 : 1);
}

async function run(command: Command): Promise<void> {
  switch (command.name) {
    case "help":
      process.stdout.write(helpText);
      break;
    case "version":
      process.stdout.write(`${engineVersion}\n`);
      break;
    case "model":
      writeModel(command.preset, command.out);
      break;
    case "serve":
      await serve(command);
      break;
  }
}

async function serve(command: Extract<Command, { name: "serve" }>): Promise<void> {
  const { settings, warnings } = readSettings(process.env, homedir());
  for (const warning of warnings) logToStderr("WARN", warning);
  const chosen = command.dataDir === undefined ? settings : { ...settings, dataDir: command.dataDir };
  const engine = await startEngine(chosen, command, logToStderr).catch((error: unknown) => {
    throw new Error(startFailure(error, command), { cause: error });
  });
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    process.once(signal, () => {
      logToStderr("INFO", "stopping", { signal });
      void engine.stop().then(() => process.exit(0));
    });
  }
  process.stdout.write(`${JSON.stringify({ listening: engine.url, models: engine.modelNames })}\n`);
}

function startFailure(error: unknown, { host, port }: { host: string; port: number }): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "EADDRINUSE") {
    return `port ${port} on ${host} is taken: stop what listens there or choose another port with --port (0 takes a free one).`;
  }
  if (code === "EADDRNOTAVAIL")
    return `${host} is not an address of this machine: choose another with --host.`;
  return error instanceof Error ? error.message : String(error);
}

function writeModel(presetName: string, out: string): void {
  const preset = presets.get(presetName);
  if (preset === undefined) throw new UsageError(`there is no preset ${JSON.stringify(presetName)}.`);
  const temporary = `${out}.partial-${process.pid}`;
  const file = openSync(temporary, "wx");
  try {
    for (const chunk of writeGguf(syntheticContent(preset))) writeSync(file, chunk);
    renameSync(temporary, out);
  } finally {
    closeSync(file);
    rmSync(temporary, { force: true });
  }
}
