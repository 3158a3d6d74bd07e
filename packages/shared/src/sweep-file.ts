// The sweep as a person writes it (YAML keys, or the flags of `ozone sweep run`), checked and turned into a request.
// Pure: it takes the parsed document and says what is wrong where; whoever read the text adds line and column.
import { create } from "@bufbuild/protobuf";
import { SweepPriority, type SweepRequest, SweepRequestSchema } from "@ozone/proto/sweep";
import * as z from "zod";
import { configuration, configurationProblems } from "./configuration.ts";
import { parseDuration } from "./duration.ts";
import {
  DEPTHS_MAX,
  NUM_CTX_MAX,
  NUM_CTX_MIN,
  SAMPLES_PER_ATTEMPT_MAX,
  SUSTAINED_MS_MAX,
  TRIALS_PER_SWEEP_MAX,
} from "./limits.ts";
import { queryProblem } from "./machine-query.ts";
import { PRECISION_TARGETS } from "./statistics/stopping.ts";
import { isPackageName, isPath, STRATEGY_WORDS } from "./strategy-names.ts";
import { explainUnknownKey } from "./sweep-file-keys.ts";
import { isTag, TAG_WORDS } from "./tags.ts";

/** Time box of the quick strategy when none is given. */
export const QUICK_BUDGET_MS = 240_000;

const PRIORITIES: Readonly<Record<string, SweepPriority>> = {
  low: SweepPriority.LOW,
  normal: SweepPriority.UNSPECIFIED,
  high: SweepPriority.HIGH,
};

/** Something in the document that can't be used: where (path of keys and indexes) and what to do, in one sentence. */
export interface SweepProblem {
  readonly path: readonly (string | number)[];
  /** Whether the key itself or its value is at fault. */
  readonly at: "key" | "value";
  readonly message: string;
}

/** Either the request or at least one problem. */
export type SweepReading =
  | { readonly request: SweepRequest; readonly problems: readonly [] }
  | { readonly request: null; readonly problems: readonly SweepProblem[] };

function numbers(limits: { from: number; to: number; whole?: boolean }) {
  const { from, to, whole = true } = limits;
  const error = `must be a ${whole ? "whole number" : "number"} from ${from} to ${to}`;
  const number = z.number({ error }).min(from, { error }).max(to, { error });
  return whole ? number.int({ error }) : number;
}

function words(allowed: readonly [string, ...string[]]) {
  return z.enum(allowed, { error: `must be one of ${allowed.join(", ")}` });
}

/** One value or a list of values; always a list afterwards. */
function oneOrMore<Item extends z.ZodType>(item: Item) {
  return z
    .preprocess(
      (value) => (Array.isArray(value) || value === undefined ? value : [value]),
      z.array(item).min(1, { error: "must not be empty" }).max(1000, { error: "has over 1000 values" }),
    )
    .transform((values) => [...new Set(values)]);
}

const label = z
  .string({ error: "must be a text" })
  .trim()
  .min(1, { error: "must not be empty" })
  .max(256, { error: "must not be longer than 256 characters" })
  .regex(/^[^\p{Cc}]*$/u, { error: "must not contain control characters" });

const strategyName = label.refine((name) => isPackageName(name) || isPath(name), { error: STRATEGY_WORDS });

const tag = z.string({ error: TAG_WORDS }).trim().refine(isTag, { error: TAG_WORDS });

const machineQuery = z.string({ error: "must be a text" }).superRefine((text, { addIssue }) => {
  const problem = queryProblem(text);
  if (problem !== null) addIssue({ code: "custom", message: problem });
});

const onOff = z.preprocess(
  (value) => (value === true ? "on" : value === false ? "off" : value),
  words(["on", "off"]),
);

const matrixSchema = z.strictObject(
  {
    num_ctx: oneOrMore(numbers({ from: NUM_CTX_MIN, to: NUM_CTX_MAX })).optional(),
    num_batch: oneOrMore(numbers({ from: 1, to: 65_536 })).optional(),
    num_thread: oneOrMore(numbers({ from: 1, to: 4096 })).optional(),
    num_gpu: oneOrMore(numbers({ from: 0, to: 10_000 })).optional(),
    kv_cache_type: oneOrMore(words(["f16", "q8_0", "q4_0"])).optional(),
    flash_attention: oneOrMore(onOff).optional(),
    num_predict: oneOrMore(numbers({ from: 2, to: 1_000_000 })).optional(),
    concurrency: oneOrMore(numbers({ from: 1, to: 256 })).optional(),
  },
  { error: 'must list options with their values, for example "num_ctx: [4096, 8192]"' },
);

const budgetSchema = z
  .unknown()
  .transform((value): unknown => (typeof value === "string" ? parseDuration(value) : null))
  .pipe(
    z
      .number({ error: 'must be a duration with its unit, for example "240s", "10m" or "1h30m"' })
      .min(1000, { error: "must be at least 1s" })
      .max(30 * 86_400_000, { error: "must be at most 30d" }),
  );

const quietWaitSchema = z
  .unknown()
  .transform((value): unknown => (typeof value === "string" ? parseDuration(value) : null))
  .pipe(
    z
      .number({ error: 'must be a duration with its unit, for example "30s" or "0s"' })
      .max(86_400_000, { error: "must be at most 1d" }),
  );

const sustainedSchema = z
  .unknown()
  .transform((value): unknown => (typeof value === "string" ? parseDuration(value) : null))
  .pipe(
    z
      .number({ error: 'must be a duration with its unit, for example "60s" or "5m"' })
      .min(1000, { error: "must be at least 1s" })
      .max(SUSTAINED_MS_MAX, { error: "must be at most 1d" }),
  );

const sweepSchema = z.strictObject(
  {
    name: label.optional(),
    models: oneOrMore(label).optional(),
    machines: oneOrMore(label).optional(),
    tags: oneOrMore(tag).optional(),
    classes: oneOrMore(label).optional(),
    where: machineQuery.optional(),
    strategy: strategyName.optional(),
    trials: numbers({ from: 1, to: TRIALS_PER_SWEEP_MAX }).optional(),
    seed: label.optional(),
    budget: budgetSchema.optional(),
    fill: numbers({ from: 0.01, to: 1, whole: false }).optional(),
    repetitions: numbers({ from: 1, to: SAMPLES_PER_ATTEMPT_MAX }).optional(),
    launches: numbers({ from: 1, to: SAMPLES_PER_ATTEMPT_MAX }).optional(),
    precision: onOff.optional(),
    depths: oneOrMore(numbers({ from: 0.01, to: 1, whole: false }))
      .refine((depths) => depths.length <= DEPTHS_MAX, { error: `has over ${DEPTHS_MAX} values` })
      .optional(),
    warm_prefix: onOff.optional(),
    sustained: sustainedSchema.optional(),
    managed: onOff.optional(),
    share_fill: onOff.optional(),
    quiet_wait: quietWaitSchema.optional(),
    contended: words(["allow", "refuse"]).optional(),
    misfits: words(["leave_out", "refuse"]).optional(),
    priority: words(["low", "normal", "high"]).optional(),
    share: words(["class", "none"]).optional(),
    allow_battery: z.boolean({ error: "must be true or false" }).optional(),
    matrix: matrixSchema.optional(),
  },
  { error: 'must be a list of keys with values, for example "strategy: grid"' },
);

type SweepDocument = z.infer<typeof sweepSchema>;

/** The keys of a sweep and of its matrix, for whoever turns flags into a document. */
export const SWEEP_KEYS: readonly string[] = Object.keys(sweepSchema.shape);
/** The dimensions of a matrix, by Ollama's names. */
export const MATRIX_KEYS: readonly string[] = Object.keys(matrixSchema.shape);

/**
 * Checks a parsed document (an empty one asks for the defaults) and turns it into a request. Without a strategy, a
 * matrix asks for `grid` and no matrix for `quick`; numbers of the protocol that are not given stay 0: the
 * coordinator's default.
 */
export function readSweep(document: unknown): SweepReading {
  const parsed = sweepSchema.safeParse(document ?? {});
  if (!parsed.success) return { request: null, problems: parsed.error.issues.flatMap(problemsOf) };
  const problems = contradictions(parsed.data);
  if (problems.length > 0) return { request: null, problems };
  return { request: requestOf(parsed.data), problems: [] };
}

function problemsOf(issue: z.core.$ZodIssue): SweepProblem[] {
  const path = issue.path.filter((key) => typeof key !== "symbol");
  if (issue.code !== "unrecognized_keys") return [{ path, at: "value", message: issue.message }];
  const keys = { sweep: SWEEP_KEYS, matrix: MATRIX_KEYS };
  return issue.keys.map((key) => ({
    path: [...path, key],
    at: "key",
    message: explainUnknownKey(key, { inMatrix: path[0] === "matrix", keys }),
  }));
}

/** What each value allows, but all together do not. */
function contradictions({ matrix, repetitions = 1, launches = 1 }: SweepDocument): SweepProblem[] {
  const problems: SweepProblem[] = [];
  if (repetitions * launches > SAMPLES_PER_ATTEMPT_MAX) {
    problems.push({
      path: ["repetitions"],
      at: "value",
      message: `times launches is ${repetitions * launches} samples per trial; the limit is ${SAMPLES_PER_ATTEMPT_MAX}`,
    });
  }
  if (!matrix) return problems;
  const size = Object.values(matrix).reduce((product, values) => product * (values?.length ?? 1), 1);
  if (size > TRIALS_PER_SWEEP_MAX) {
    const message = `makes ${size} configurations; the limit is ${TRIALS_PER_SWEEP_MAX}, so list fewer values`;
    problems.push({ path: ["matrix"], at: "value", message });
  }
  if (matrix.num_ctx && matrix.num_predict) {
    const numPredict = Math.max(...matrix.num_predict);
    const tightest = configuration({ numCtx: Math.min(...matrix.num_ctx), numBatch: 1, numPredict });
    for (const problem of configurationProblems(tightest, 0)) {
      problems.push({ path: ["matrix", "num_predict"], at: "value", message: `is impossible: ${problem}` });
    }
  }
  return problems;
}

/** What is measured besides the repetitions; nothing unless asked for. */
function besides({ precision, depths = [], warm_prefix, sustained = 0 }: SweepDocument) {
  const { decode, prefill, ttft } = PRECISION_TARGETS;
  return {
    ...(precision === "on" ? { precision: { decode, prefill, ttft } } : {}),
    depths,
    warmPrefix: warm_prefix === "on",
    sustainedMs: sustained,
  };
}

function requestOf(document: SweepDocument): SweepRequest {
  const {
    name = "",
    models = [],
    machines = [],
    tags = [],
    classes = [],
    where = "",
    matrix = {},
    fill,
    repetitions,
    launches,
  } = document;
  const strategy = document.strategy ?? (document.matrix ? "grid" : "quick");
  const protocol = {
    fill: fill ?? 0,
    repetitions: repetitions ?? 0,
    launches: launches ?? 0,
    // 0 asks for the coordinator's default; a person's "0s" means: do not wait.
    quietWaitMs: document.quiet_wait === undefined ? 0 : Math.max(1, document.quiet_wait),
    allowContended: document.contended === "allow",
    ...besides(document),
    allowBattery: document.allow_battery === true,
    managed: document.managed === "on",
    shareFill: document.share_fill === "on",
  };
  return create(SweepRequestSchema, {
    name,
    models,
    machines,
    tags,
    classes,
    where,
    strategy,
    matrix: {
      numCtx: matrix.num_ctx ?? [],
      numBatch: matrix.num_batch ?? [],
      numThread: matrix.num_thread ?? [],
      numGpu: matrix.num_gpu ?? [],
      kvCacheType: matrix.kv_cache_type ?? [],
      flashAttention: matrix.flash_attention ?? [],
      numPredict: matrix.num_predict ?? [],
      concurrency: matrix.concurrency ?? [],
    },
    trialsMax: document.trials ?? 0,
    seed: document.seed ?? "",
    leaveOutMisfits: document.misfits === "leave_out",
    priority: PRIORITIES[document.priority ?? "normal"] ?? SweepPriority.UNSPECIFIED,
    shareWithinClass: document.share === "class",
    budgetMs: document.budget ?? (strategy === "quick" ? QUICK_BUDGET_MS : 0),
    protocol,
  });
}
