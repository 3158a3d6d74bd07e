// The flags of `ozone sweep run`, and the document they stand for: the same keys as in a sweep file, so that both are
// checked in one place.
import { Args, Flags } from "@oclif/core";
import { NAMED_SWEEPS } from "@ozone/shared/named-sweeps";

/** Repeated or with commas, and never swallowing the word behind. */
const LIST = { multiple: true, multipleNonGreedy: true, delimiter: "," } as const;

const list = (summary: string, helpValue: string) =>
  Flags.string({ summary, helpValue, ...LIST, helpGroup: "MATRIX" });

/** What may stand before the flags. */
export const SWEEP_FILE = Args.string({
  description: "YAML file with the sweep, or the name of a named sweep (`ozone sweep names`).",
});

/** What a sweep is made of, for the help of every command that takes one. */
export const SWEEP_DESCRIPTION = `Keys of the file: name, models, machines, tags, classes, where, strategy (grid, guided, halving, quick, random, a module ./my-search.mjs relative to the file, or an installed package; see docs/plug-in-strategies.md), trials, seed, budget (240s, 10m), fill, repetitions, launches, precision (on, off), depths (shares of the context), warm_prefix (on, off), sustained (60s), managed (on, off), share_fill (on, off), quiet_wait, contended (allow, refuse), misfits (leave_out, refuse), priority (low, normal, high), share (class, none), allow_battery (true, false), matrix (num_ctx, num_batch, num_thread, num_gpu, kv_cache_type, flash_attention, num_predict, concurrency; one value or a list). With neither matrix nor strategy, quick searches for 240 s.

Of the machines that are named, or else of all that are online, tags means those that carry all of them, classes those of one of these hardware classes, and where those that surely match a query (\`ozone machine list --where\` shows which); given together, those that each of them means.

Named sweeps: ${NAMED_SWEEPS.map(({ name, summary }) => `${name} (${summary})`).join("; ")}. A bare word that is one of these names means the named sweep; a file of that name is meant by ./NAME or NAME.yaml. Flags go before both, key by key.`;

/** What a sweep is made of, as flags. */
export const SWEEP_FLAGS = {
  name: Flags.string({ summary: "Name of the sweep." }),
  model: Flags.string({
    summary: "Models, repeated or with commas (default: the smallest that fits on each machine).",
    ...LIST,
  }),
  machine: Flags.string({
    summary: "Ids or names of machines (default: all that are online).",
    ...LIST,
  }),
  tag: Flags.string({
    summary: "Only machines with this tag; with several tags, those that carry all of them.",
    ...LIST,
  }),
  class: Flags.string({
    summary: "Only machines of this hardware class; with several classes, of one of them.",
    ...LIST,
  }),
  where: Flags.string({
    summary: "Only machines that surely match this query, as for `ozone machine list`.",
    helpValue: '"gpu>=1 and not tag:desk"',
  }),
  strategy: Flags.string({
    summary:
      "grid measures the whole matrix, guided finds its best with a fraction of the trials, halving draws and measures the better half again and again, quick searches in a time box, random draws; a module (docs/plug-in-strategies.md) searches as it likes.",
    helpValue: "grid|guided|halving|quick|random|./MODULE.mjs",
  }),
  trials: Flags.string({
    summary: "Most configurations that guided, halving and random try.",
    helpValue: "N",
  }),
  seed: Flags.string({ summary: "What chance starts from: equal seeds, equal searches.", helpValue: "TEXT" }),
  budget: Flags.string({ summary: "Measuring time per machine and model.", helpValue: "240s" }),
  fill: Flags.string({ summary: "Share of the context to fill.", helpValue: "0.9" }),
  repetitions: Flags.string({ summary: "Samples per load of the model.", helpValue: "N" }),
  launches: Flags.string({ summary: "Fresh loads of the model per trial.", helpValue: "N" }),
  precision: Flags.boolean({
    summary: "Confirm until the intervals are narrow: decode 2 %, prefill 3 %, TTFT 5 %; 15 samples at most.",
  }),
  depths: Flags.string({
    summary: "Shares of the context to fill besides: speed over depth.",
    helpValue: "0.1,0.5",
    ...LIST,
  }),
  "warm-prefix": Flags.boolean({ summary: "Also measure a chat's second turn: a prompt from the cache." }),
  sustained: Flags.string({
    summary: "How long to generate without a pause, to see whether the machine keeps its speed.",
    helpValue: "60s",
  }),
  managed: Flags.string({
    summary:
      "Measure on servers that the agents start themselves (implied by --kv-cache-type and --flash-attention).",
    helpValue: "on|off",
  }),
  "share-fill": Flags.string({
    summary:
      "In a grid: fill a context once for configurations that differ in num_predict only, and ask for the shorter answers behind the same prompt.",
    helpValue: "on|off",
  }),
  "quiet-wait": Flags.string({ summary: "How long to wait for a quiet machine.", helpValue: "60s" }),
  contended: Flags.string({
    summary: "Whether samples taken while other programs use the machine may count, with a warning.",
    helpValue: "allow|refuse",
  }),
  priority: Flags.string({
    summary:
      "Which of several sweeps a machine serves first, from its next trial on; equal ones: the oldest.",
    helpValue: "low|normal|high",
  }),
  misfits: Flags.string({
    summary:
      "Whether values that a machine or model can't use are left out there with a note, or the sweep refused.",
    helpValue: "leave_out|refuse",
  }),
  share: Flags.string({
    summary:
      "Whether machines of one class, with one model and one version of the engine, work on one search together (grid, guided, random), or each on its own.",
    helpValue: "class|none",
  }),
  "allow-battery": Flags.boolean({ summary: "Measure machines that run on battery too." }),
  "num-ctx": list("Context windows in tokens.", "4096,8192"),
  "num-batch": list("Batch sizes of the prefill.", "256,512"),
  "num-thread": list("Threads.", "1,2"),
  "num-gpu": list("Layers on the GPU.", "0,99"),
  "kv-cache-type": list("Types of the KV cache (a server setting).", "f16,q8_0"),
  "flash-attention": list("Flash attention (a server setting).", "on,off"),
  "num-predict": list("Tokens generated per sample.", "128"),
  concurrency: list("Requests at the same time.", "1,2"),
} as const;

/** Values of the flags as oclif parsed them. */
export type SweepFlagValues = {
  readonly [Name in keyof typeof SWEEP_FLAGS]?: string | boolean | readonly string[] | undefined;
};

const KEYS: Readonly<Record<keyof typeof SWEEP_FLAGS, readonly [string] | readonly ["matrix", string]>> = {
  name: ["name"],
  model: ["models"],
  machine: ["machines"],
  tag: ["tags"],
  class: ["classes"],
  where: ["where"],
  strategy: ["strategy"],
  trials: ["trials"],
  seed: ["seed"],
  budget: ["budget"],
  fill: ["fill"],
  repetitions: ["repetitions"],
  launches: ["launches"],
  precision: ["precision"],
  depths: ["depths"],
  "warm-prefix": ["warm_prefix"],
  sustained: ["sustained"],
  managed: ["managed"],
  "share-fill": ["share_fill"],
  "quiet-wait": ["quiet_wait"],
  contended: ["contended"],
  misfits: ["misfits"],
  priority: ["priority"],
  share: ["share"],
  "allow-battery": ["allow_battery"],
  "num-ctx": ["matrix", "num_ctx"],
  "num-batch": ["matrix", "num_batch"],
  "num-thread": ["matrix", "num_thread"],
  "num-gpu": ["matrix", "num_gpu"],
  "kv-cache-type": ["matrix", "kv_cache_type"],
  "flash-attention": ["matrix", "flash_attention"],
  "num-predict": ["matrix", "num_predict"],
  concurrency: ["matrix", "concurrency"],
};

const NUMERIC: ReadonlySet<string> = new Set([
  "fill",
  "repetitions",
  "launches",
  "depths",
  "num-ctx",
  "num-batch",
  "num-thread",
  "num-gpu",
  "num-predict",
  "concurrency",
]);

/** A sweep document, and the flag that each of its paths came from. */
export interface FlagDocument {
  readonly top: Readonly<Record<string, unknown>>;
  readonly matrix: Readonly<Record<string, unknown>>;
  /** "matrix.num_ctx" -> "--num-ctx". */
  readonly origins: ReadonlyMap<string, string>;
}

/** Turns flags into a document; what is no number stays a text, for the one place that checks. */
export function documentFromFlags(flags: SweepFlagValues): FlagDocument {
  const top: Record<string, unknown> = {};
  const matrix: Record<string, unknown> = {};
  const origins = new Map<string, string>();
  for (const name of Object.keys(SWEEP_FLAGS) as (keyof typeof SWEEP_FLAGS)[]) {
    const given = flags[name];
    if (given === undefined) continue;
    const [first, second] = KEYS[name];
    const value = readValue(name, given);
    if (second === undefined) top[first] = value;
    else matrix[second] = value;
    origins.set(KEYS[name].join("."), `--${name}`);
  }
  return { top, matrix, origins };
}

function readValue(name: string, given: string | boolean | readonly string[]): unknown {
  if (typeof given === "boolean") return given;
  const one = (text: string) =>
    NUMERIC.has(name) && /^\s*-?\d+(\.\d+)?\s*$/.test(text) ? Number(text) : text.trim();
  return typeof given === "string" ? one(given) : given.map(one);
}
