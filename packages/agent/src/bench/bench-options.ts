// The flags of `ozone-agent bench`: parsed and checked here, one sentence per problem.
import { parseArgs } from "node:util";
import type { Configuration } from "@ozone/proto/configuration";
import { configuration, configurationProblems } from "@ozone/shared/configuration";
import { DEFAULT_NUM_BATCH, DEFAULT_NUM_PREDICT } from "@ozone/shared/default-configuration";
import { messageOf } from "@ozone/shared/errors";
import { NUM_CTX_MAX, NUM_CTX_MIN } from "@ozone/shared/limits";
import { engineUrlOf } from "../config.ts";
import { type Flags, required, text, usage, whole } from "./flag-values.ts";
import {
  type BenchProtocol,
  benchProtocol,
  PROTOCOL_FLAGS,
  PROTOCOL_USAGE,
  rowFormat,
} from "./protocol-flags.ts";
import type { RowFormat } from "./row-formats.ts";

/** Text of `--help`. */
export const BENCH_USAGE = `ozone-agent bench --model M --num-ctx N [...]     one honest trial, no coordinator

  --ollama-url URL       the server (default: OLLAMA_HOST, else http://127.0.0.1:11434)
  --model M              an installed model
  --num-ctx N            context window in tokens
  --num-batch N          tokens per prefill batch (default 512)
  --num-thread N         threads (default: the server chooses)
  --num-gpu N            layers on the GPU (default: the server chooses)
  --num-predict N        tokens generated per sample (default 128)
  --concurrency N        requests at the same time (default 1)
${PROTOCOL_USAGE}
  --kv-cache-type T, --flash-attention on|off    settings of the server itself; they need --managed
  --allow-battery        measure on battery too (default: such a trial fails)
  --managed              a server of Ozone's own; not available yet in this version
  --json                 one JSON document on stdout
  --format md|jsonl|csv|sql   rows instead: one per configuration and depth

Exit codes: 0 valid, 2 usage, 3 rejected (a check failed), 4 failed.
`;

/** What a bench is asked to do. */
export interface BenchOptions extends BenchProtocol {
  readonly help: boolean;
  readonly json: boolean;
  /** Rows of this form on stdout; null: none. */
  readonly format: RowFormat | null;
  readonly engineUrl: string;
  readonly model: string;
  readonly configuration: Configuration;
}

const FLAGS = {
  "ollama-url": { type: "string" },
  model: { type: "string" },
  "num-ctx": { type: "string" },
  "num-batch": { type: "string" },
  "num-thread": { type: "string" },
  "num-gpu": { type: "string" },
  "num-predict": { type: "string" },
  "kv-cache-type": { type: "string" },
  "flash-attention": { type: "string" },
  concurrency: { type: "string" },
  ...PROTOCOL_FLAGS,
  managed: { type: "boolean" },
  json: { type: "boolean" },
  help: { type: "boolean" },
} as const;

/**
 * Reads the flags.
 * @throws OzoneError invalid_input with one sentence
 */
export function benchOptions(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): BenchOptions {
  const flags = parsed(argv);
  if (flags.help === true) return { ...nothing, help: true };
  refuseServerSettings(flags);
  const point = configurationOf(flags);
  return {
    help: false,
    json: flags.json === true,
    format: rowFormat(flags),
    engineUrl: engineUrlOf(text(flags, "ollama-url") ?? env.OLLAMA_HOST),
    model: required(flags, "model"),
    configuration: point,
    ...benchProtocol(flags, point),
  };
}

const nothing: BenchOptions = {
  help: false,
  json: false,
  format: null,
  engineUrl: "",
  model: "",
  configuration: configuration({ numCtx: 0, numBatch: 0, numPredict: 0 }),
  fill: 0,
  repetitions: 0,
  launches: 0,
  limitMs: 0,
  limitGiven: false,
  precise: false,
  depths: [],
  warmPrefix: false,
  sustainedMs: 0,
  allowBattery: false,
};

function parsed(argv: readonly string[]): Flags {
  try {
    return parseArgs({ args: [...argv], options: FLAGS, strict: true }).values;
  } catch (thrown) {
    throw usage(`${messageOf(thrown).replace(/\.$/, "")}.`);
  }
}

function refuseServerSettings(flags: Flags): void {
  if (flags.managed === true) {
    throw usage("--managed (a server that Ozone starts itself) is not available yet in this version.");
  }
  for (const name of ["kv-cache-type", "flash-attention"] as const) {
    if (flags[name] === undefined) continue;
    throw usage(
      `--${name} is a setting of the Ollama server, not of a request: it needs --managed, with which Ozone starts a server of its own.`,
    );
  }
}

function configurationOf(flags: Flags): Configuration {
  const numCtx = whole(flags, "num-ctx", { least: NUM_CTX_MIN, most: NUM_CTX_MAX });
  if (numCtx === undefined) throw usage("--num-ctx is missing.");
  const numThread = whole(flags, "num-thread", { least: 1, most: 4096 });
  const numGpu = whole(flags, "num-gpu", { least: 0, most: 100_000 });
  const point = configuration({
    numCtx,
    numBatch:
      whole(flags, "num-batch", { least: 1, most: NUM_CTX_MAX }) ?? Math.min(DEFAULT_NUM_BATCH, numCtx),
    ...(numThread === undefined ? {} : { numThread }),
    ...(numGpu === undefined ? {} : { numGpu }),
    numPredict:
      whole(flags, "num-predict", { least: 2, most: NUM_CTX_MAX }) ??
      Math.min(DEFAULT_NUM_PREDICT, numCtx >> 1),
    concurrency: whole(flags, "concurrency", { least: 1, most: 64 }) ?? 1,
  });
  const [problem] = configurationProblems(point, 0);
  if (problem !== undefined) throw usage(problem);
  return point;
}
