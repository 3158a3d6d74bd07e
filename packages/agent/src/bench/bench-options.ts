// The flags of `ozone-agent bench`: parsed and checked here, one sentence per problem.
import { parseArgs } from "node:util";
import type { Configuration } from "@ozone/proto/configuration";
import { configuration, configurationProblems, KV_CACHE_TYPES } from "@ozone/shared/configuration";
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
  --allow-battery        measure on battery too (default: such a trial fails)
  --managed              on a server that Ozone starts for this trial alone; the one at the URL is left as it is
  --kv-cache-type T      f16, q8_0 or q4_0: a setting of the server, needs --managed
  --flash-attention on|off    a setting of the server, needs --managed
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
  /** On a server of our own. */
  readonly managed: boolean;
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
  const point = configurationOf(flags);
  return {
    help: false,
    json: flags.json === true,
    format: rowFormat(flags),
    engineUrl: engineUrlOf(text(flags, "ollama-url") ?? env.OLLAMA_HOST),
    model: required(flags, "model"),
    configuration: point,
    ...benchProtocol(flags, point),
    managed: flags.managed === true,
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
  managed: false,
};

function parsed(argv: readonly string[]): Flags {
  try {
    return parseArgs({ args: [...argv], options: FLAGS, strict: true }).values;
  } catch (thrown) {
    throw usage(`${messageOf(thrown).replace(/\.$/, "")}.`);
  }
}

/** Settings of the server: absent means as the server has it. */
function serverSettingsOf(flags: Flags): { kvCacheType: string; flashAttention: string } {
  return {
    kvCacheType: serverSetting(flags, "kv-cache-type", KV_CACHE_TYPES),
    flashAttention: serverSetting(flags, "flash-attention", ["on", "off"]),
  };
}

function serverSetting(
  flags: Flags,
  name: "kv-cache-type" | "flash-attention",
  known: readonly string[],
): string {
  const value = flags[name];
  if (value === undefined) return "";
  if (flags.managed !== true) {
    throw usage(
      `--${name} is a setting of the Ollama server, not of a request: it needs --managed, with which Ozone starts a server of its own.`,
    );
  }
  if (typeof value === "string" && known.includes(value)) return value;
  throw usage(`--${name} is ${JSON.stringify(value)}; use one of ${known.join(", ")}.`);
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
    ...serverSettingsOf(flags),
  });
  const [problem] = configurationProblems(point, 0);
  if (problem !== undefined) throw usage(problem);
  return point;
}
