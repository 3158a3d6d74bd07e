// `ozone-agent apply` and `ozone-agent rollback`: read what is asked, take the host for ourselves, print one document.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { text as textOf } from "node:stream/consumers";
import { parseArgs } from "node:util";
import { messageOf, OzoneError } from "@ozone/shared/errors";
import { hardwareClass } from "@ozone/shared/hardware-class";
import { cancellable } from "../cancellable.ts";
import { engineUrlOf } from "../config.ts";
import { dataDir } from "../data-dir.ts";
import { acquireHostLock } from "../machine/host-lock.ts";
import { probeMachine } from "../machine/identify.ts";
import { cleanUpLeftovers } from "../measure/leave-no-trace.ts";
import { EngineClient } from "../ollama/engine-client.ts";
import { notesFolder } from "./application-notes.ts";
import { type ApplyPorts, applyPreset } from "./apply-preset.ts";
import { readApplyRequest, type WrittenRequest } from "./apply-request.ts";
import { launchMeasurer } from "./launch-measurer.ts";
import { applyDocument, EXIT, errorDocument } from "./outcome-document.ts";
import { rollBack } from "./roll-back.ts";

/** Text of `--help`. */
export const APPLYING_USAGE = `ozone-agent apply [--file FILE]        applies the preset in FILE or on stdin ("-"), measures it, keeps it or rolls back
ozone-agent rollback [NAME]           makes NAME what it was before Ozone

  --ollama-url URL       the server (default: OLLAMA_HOST, else http://127.0.0.1:11434)

The request is one JSON document: {"preset": {...}, "as": NAME, "replace": false, "despiteChanges": false, "allowBattery": false, "quietWaitMs": 15000}.
One JSON document on stdout, progress on stderr. Exit codes: 0 kept (or rolled back, when asked to), 3 rolled back because the
gain was not there, 1 failure, 2 usage.
`;

/** Where the commands write. */
export interface ApplyingStreams {
  readonly stdin: AsyncIterable<Uint8Array | string>;
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
}

interface Done {
  readonly exitCode: number;
  readonly document: unknown;
}

/** Runs one of the two commands. @returns the exit code */
export async function runApplying(
  command: "apply" | "rollback",
  argv: readonly string[],
  streams: ApplyingStreams,
): Promise<number> {
  const say = (words: string): void => void streams.stderr.write(`${words}\n`);
  let done: Done;
  try {
    const flags = flagsOf(argv);
    if (flags.help) {
      streams.stdout.write(APPLYING_USAGE);
      return EXIT.done;
    }
    const engineUrl = engineUrlOf(flags.ollamaUrl ?? process.env.OLLAMA_HOST);
    const around = { engineUrl, say };
    if (command === "apply") {
      const request = readApplyRequest(await written(flags.file, streams.stdin));
      done = await cancellable((signal) => apply(request, { ...around, signal }));
    } else {
      done = await cancellable((signal) => undo(flags.name, { ...around, signal }));
    }
  } catch (thrown) {
    done = errorDocument(thrown);
  }
  streams.stdout.write(`${JSON.stringify(done.document)}\n`);
  return done.exitCode;
}

interface Around {
  readonly engineUrl: string;
  readonly signal: AbortSignal;
  say(words: string): void;
}

const agentFolder = (): string => join(dataDir(), "agent");
const cacheFolder = (): string => join(agentFolder(), "cache");

async function apply(request: WrittenRequest, around: Around): Promise<Done> {
  const { engineUrl, signal, say } = around;
  return alone(around, async () => {
    say("looking at the machine");
    const facts = await probeMachine();
    const ports: ApplyPorts = {
      engine: new EngineClient(engineUrl),
      folder: notesFolder(agentFolder()),
      hardwareClass: hardwareClass(facts),
      signal,
      say,
      measure: launchMeasurer(
        {
          engineUrl,
          facts,
          machineId: "",
          cacheDir: cacheFolder(),
          engineDataDir: join(dataDir(), "engine"),
        },
        { ...request, signal, say },
      ),
    };
    const outcome = await applyPreset(request, ports);
    const exitCode = outcome.outcome === "kept" ? EXIT.done : EXIT.noGain;
    return { exitCode, document: applyDocument(outcome, request.preset.provenance) };
  });
}

async function undo(name: string, around: Around): Promise<Done> {
  const { engineUrl, say } = around;
  return alone(around, async () => {
    const ports = { engine: new EngineClient(engineUrl), folder: notesFolder(agentFolder()), say };
    return { exitCode: EXIT.done, document: await rollBack(name, ports) };
  });
}

/** One benchmark per host, and one hand on the models: whoever holds the lock. */
async function alone<Value>({ signal, say }: Around, work: () => Promise<Value>): Promise<Value> {
  const lock = await acquireHostLock({
    signal,
    onWait: () => say("another benchmark runs on this host; waiting for its end"),
  });
  try {
    for (const sentence of await cleanUpLeftovers(cacheFolder())) say(sentence);
    return await work();
  } finally {
    await lock.release();
  }
}

interface Flags {
  readonly help: boolean;
  readonly file: string;
  readonly name: string;
  readonly ollamaUrl: string | undefined;
}

function flagsOf(argv: readonly string[]): Flags {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: { file: { type: "string" }, "ollama-url": { type: "string" }, help: { type: "boolean" } },
    });
    const [name = "", ...more] = positionals;
    if (more.length > 0) throw new Error("Too many arguments");
    return {
      help: values.help === true,
      file: values.file ?? "-",
      name,
      ollamaUrl: values["ollama-url"],
    };
  } catch (thrown) {
    throw new OzoneError("invalid_input", `${messageOf(thrown).replace(/\.$/, "")}; see --help.`);
  }
}

async function written(file: string, stdin: ApplyingStreams["stdin"]): Promise<string> {
  if (file === "-") return textOf(stdin as Parameters<typeof textOf>[0]);
  try {
    return await readFile(file, "utf8");
  } catch (thrown) {
    throw new OzoneError("invalid_input", `${file} could not be read (${messageOf(thrown)}).`);
  }
}
