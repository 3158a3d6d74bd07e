// Reads the command line. Pure: arguments in, a command or a usage error out.
import { parseArgs } from "node:util";
import { presets } from "./synthetic/presets.ts";

/** What was asked for. */
export type Command =
  | {
      readonly name: "serve";
      readonly host: string;
      readonly port: number;
      readonly dataDir: string | undefined;
    }
  | { readonly name: "model"; readonly out: string; readonly preset: string }
  | { readonly name: "help" }
  | { readonly name: "version" };

/** The arguments make no sense; the message says which and what would. */
export class UsageError extends Error {
  override name = "UsageError";
}

/** What --help prints. */
export const helpText = `ozone-engine: an Ollama-compatible server with real inference on synthetic models

Usage:
  ozone-engine serve [--host ADDRESS] [--port N] [--data-dir DIR]
      Listen on ADDRESS (127.0.0.1) and port N (11434; 0 takes a free one). Models are kept in DIR
      (OZONE_ENGINE_DATA_DIR, else OZONE_DATA_DIR/engine, else ~/.local/share/ozone/engine).
      One JSON line on stdout says when and where it listens; the log goes to stderr.
  ozone-engine model --out FILE --preset NAME
      Write a synthetic model as a GGUF file. Presets: ${[...presets.keys()].join(", ")}.
  ozone-engine --help | --version

Settings (environment, as in Ollama): OLLAMA_KV_CACHE_TYPE, OLLAMA_FLASH_ATTENTION, OLLAMA_NUM_PARALLEL,
OLLAMA_KEEP_ALIVE, OLLAMA_MAX_QUEUE, OLLAMA_CONTEXT_LENGTH, OLLAMA_LOAD_TIMEOUT.
`;

/** Reads the arguments after the program's name. Throws UsageError. */
export function parseCommand(args: readonly string[]): Command {
  const [first, ...rest] = args;
  if (first === undefined)
    throw new UsageError("no command given: try `ozone-engine serve` or `ozone-engine --help`.");
  if (args.includes("--help") || first === "-h" || first === "help") return { name: "help" };
  if (first === "--version" || first === "version") return { name: "version" };
  if (first === "serve") return parseServe(rest);
  if (first === "model") return parseModel(rest);
  throw new UsageError(`there is no command ${JSON.stringify(first)}: the commands are serve and model.`);
}

function parseServe(args: readonly string[]): Command {
  const values = readFlags(args, ["host", "port", "data-dir"]);
  const portText = values.port ?? "11434";
  const port = Number(portText);
  if (!/^\d+$/.test(portText) || port > 65_535) {
    throw new UsageError(`--port ${JSON.stringify(portText)} is not a port: give a number from 0 to 65535.`);
  }
  return { name: "serve", host: values.host ?? "127.0.0.1", port, dataDir: values["data-dir"] };
}

function parseModel(args: readonly string[]): Command {
  const { out, preset } = readFlags(args, ["out", "preset"]);
  if (out === undefined || preset === undefined) {
    throw new UsageError("model needs --out FILE and --preset NAME.");
  }
  if (!presets.has(preset)) {
    throw new UsageError(
      `there is no preset ${JSON.stringify(preset)}: choose one of ${[...presets.keys()].join(", ")}.`,
    );
  }
  return { name: "model", out, preset };
}

function readFlags(
  args: readonly string[],
  names: readonly string[],
): Readonly<Record<string, string | undefined>> {
  const options = Object.fromEntries(names.map((name) => [name, { type: "string" as const }]));
  try {
    return parseArgs({ args: [...args], options, allowPositionals: false }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}
