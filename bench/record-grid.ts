// Records a real grid of the reference engine for the replay: `node bench/dist/record-grid.js small|large` prints JSON
// lines (ozone-grid/1, provenance synthetic). The agent measures, so that every repetition has passed its certificate;
// the points of each type of cache come in an order by chance, so that the machine's slow changes touch all of them alike.
import { readFileSync } from "node:fs";
import { arch, availableParallelism, totalmem } from "node:os";
import { create } from "@bufbuild/protobuf";
import { probeMachine } from "@ozone/agent/src/machine/identify.ts";
import type { MachineIdentity } from "@ozone/agent/src/measure/ports.ts";
import { newFolder, orderFor, portsFor, removeFolders } from "@ozone/agent/src/measure/trial-material.ts";
import { conditionsOf, machineCeilings, samplerOf } from "@ozone/agent/src/measuring-machine.ts";
import { runTrial } from "@ozone/agent/src/run-trial.ts";
import { ProtocolSchema } from "@ozone/proto/configuration";
import type { TrialResult } from "@ozone/proto/trial";
import { configuration } from "@ozone/shared/configuration";
import { seededRandom } from "@ozone/shared/statistics/seeded-random";
import { usableSamples } from "@ozone/shared/usable-samples";
import { alone } from "./alone.ts";
import { startEngine } from "./engine-process.ts";

/** What is recorded: the dimensions of a request, and the settings of the server, for which it is started anew. */
interface Plan {
  readonly model: string;
  readonly numCtx: readonly number[];
  readonly numBatch: readonly number[];
}

/** Contexts are batch sizes too: a larger batch is cut to the context, and must be a point of the grid then. */
const PLANS: Readonly<Record<string, Plan>> = {
  small: {
    model: "ozone-synthetic:4m",
    numCtx: [512, 768, 1024, 1536, 2048, 4096],
    numBatch: [16, 32, 64, 128, 256, 512, 768, 1024, 1536, 2048, 4096],
  },
  large: {
    model: "ozone-synthetic:30m",
    numCtx: [256, 384, 512, 768, 1024],
    numBatch: [16, 32, 64, 128, 192, 256, 384, 512, 768, 1024],
  },
};
const CACHE_TYPES = ["f16", "q8_0", "q4_0"] as const;
const THREADS = Array.from({ length: Math.min(4, availableParallelism()) }, (_, index) => index + 1);
const NUM_PREDICT = 64;
const FILL = 0.9;
/** Of each point, after one load. */
const REPETITIONS = 4;
/** Repetitions can be refused; points that have none are taken once more, and are errors if they still have none. */
const PASSES = 2;
/** A trial that takes longer, its load and its warm-up included, is recorded as a timeout. */
const LIMIT_MS = 12_000;
const QUIET_WAIT_MS = 3_000;

const name = process.argv[2] ?? "";
const plan = PLANS[name];
if (!plan) throw new Error("Say small or large.");

type Point = { readonly num_ctx: number; readonly num_batch: number; readonly num_thread: number };
const POINTS: readonly Point[] = plan.numCtx.flatMap((num_ctx) =>
  plan.numBatch
    .filter((num_batch) => num_batch <= num_ctx)
    .flatMap((num_batch) => THREADS.map((num_thread) => ({ num_ctx, num_batch, num_thread }))),
);

const print = (line: object): boolean => process.stdout.write(`${JSON.stringify(line)}\n`);
const log = (line: string): boolean => process.stderr.write(`${line}\n`);

const OUTCOMES: Readonly<Record<string, string>> = {
  out_of_memory_load: "oom",
  out_of_memory_run: "oom",
  request_timeout: "timeout",
  load_timeout: "timeout",
};

/** Repetitions printed so far, and the points that failed: those are not tried again. */
const printed = new Map<string, number>();
const failed = new Set<string>();

const keyOf = (config: object): string => JSON.stringify(Object.entries(config).sort());

/** A file that a recording was cut off in, to go on with what it lacks; only what is new is printed. */
const before = process.argv[3] === undefined ? [] : readFileSync(process.argv[3], "utf8").trim().split("\n");
for (const line of before.slice(1)) {
  const { config, outcome } = JSON.parse(line) as { config: object; outcome: string };
  if (outcome !== "ok") failed.add(keyOf(config));
  printed.set(keyOf(config), (printed.get(keyOf(config)) ?? 0) + 1);
}

const isOver = (key: string, pass: number): boolean =>
  failed.has(key) || (printed.get(key) ?? 0) >= (pass === 0 && before.length === 0 ? REPETITIONS : 1);

await alone(log, async () => {
  const facts = await probeMachine();
  const cacheDir = newFolder();
  try {
    for (let pass = 0; pass < PASSES; pass += 1) {
      for (const type of CACHE_TYPES) {
        await recordPass({
          pass,
          type,
          cacheDir,
          machine: (url) => machineCeilings("m-recorder", facts, url),
        });
      }
    }
  } finally {
    removeFolders();
  }
});

interface Pass {
  readonly pass: number;
  readonly type: string;
  readonly cacheDir: string;
  readonly machine: (url: string) => MachineIdentity;
}

/** All points once, on a server with one type of cache. */
async function recordPass({ pass, type, cacheDir, machine }: Pass): Promise<void> {
  const engine = await startEngine(newFolder(), { OLLAMA_KV_CACHE_TYPE: type, OLLAMA_FLASH_ATTENTION: "1" });
  try {
    if (printed.size === 0 && failed.size === 0) await printHeader(engine.url);
    for (const [index, point] of seededRandom(`${name} ${type} ${pass}`)
      .shuffle([...POINTS])
      .entries()) {
      const config = { ...point, kv_cache_type: type };
      if (isOver(keyOf(config), pass)) continue;
      const result = await measure(engine.url, { point, cacheDir, machine: machine(engine.url) });
      recordResult(config, result, pass === PASSES - 1);
      if (index % 20 === 0) log(`pass ${pass + 1}, ${type}: ${index} of ${POINTS.length}`);
    }
  } finally {
    await engine.stop();
  }
}

function measure(
  url: string,
  { point, cacheDir, machine }: { point: Point; cacheDir: string; machine: MachineIdentity },
): Promise<TrialResult> {
  const { num_ctx: numCtx, num_batch: numBatch, num_thread: numThread } = point;
  return runTrial(
    {
      ...orderFor({ modelName: plan?.model ?? "" }),
      configuration: configuration({ numCtx, numBatch, numThread, numPredict: NUM_PREDICT }),
      protocol: create(ProtocolSchema, {
        ...{ fill: FILL, launches: 1, repetitions: REPETITIONS, limitMs: LIMIT_MS },
        ...{ quietWaitMs: QUIET_WAIT_MS, allowContended: false },
      }),
    },
    portsFor(url, { cacheDir, machine, conditions: conditionsOf(url), sampler: samplerOf(url) }),
  );
}

function recordResult(config: object, result: TrialResult, isLast: boolean): void {
  const key = keyOf(config);
  const from = printed.get(key) ?? 0;
  const samples = usableSamples(result);
  const seconds = result.elapsedMs / 1000;
  for (const [index, sample] of samples.entries()) {
    print({
      ...{ config, repetition: from + index, outcome: "ok" },
      decode_tps: rounded(sample.decodeTokensPerSecond),
      prefill_tps: rounded(sample.prefillTokensPerSecond),
      ttft_ms: rounded(sample.ttftMs),
      memory_bytes: Number(result.memory?.peakPssBytes ?? 0n) || undefined,
      seconds: rounded(seconds / samples.length),
    });
  }
  printed.set(key, from + samples.length);
  const { failure } = result;
  if (failure) {
    failed.add(key);
    const outcome = OUTCOMES[failure.failureClass] ?? "error";
    print({ config, repetition: from + samples.length, outcome, seconds: rounded(seconds) });
    log(`${JSON.stringify(config)}: ${failure.failureClass}: ${failure.message}`);
  } else if (samples.length < REPETITIONS) {
    log(`${JSON.stringify(config)}: ${REPETITIONS - samples.length} refused and left out`);
    if (isLast && samples.length === 0)
      print({ config, repetition: from, outcome: "error", seconds: rounded(seconds) });
  }
}

function rounded(value: number | undefined): number | undefined {
  return value === undefined ? undefined : Number(value.toPrecision(6));
}

async function printHeader(url: string): Promise<void> {
  const model = plan?.model ?? "";
  const ask = async (path: string, body?: object): Promise<Record<string, unknown>> => {
    const response = await fetch(`${url}${path}`, body ? { method: "POST", body: JSON.stringify(body) } : {});
    return (await response.json()) as Record<string, unknown>;
  };
  const { models } = (await ask("/api/tags")) as { models?: { name: string; size: number }[] };
  const info = (await ask("/api/show", { model })).model_info as Record<string, number | string>;
  const of = (key: string): number => Number(info[`${info["general.architecture"]}.${key}`]);
  const threads = THREADS.at(-1) ?? 1;
  print({
    format: "ozone-grid/1",
    machine: {
      name: `${availableParallelism()} cores, ${arch()}, reference engine`,
      cores: threads,
      memoryBytes: totalmem(),
      gpu: null,
    },
    model: {
      name: model,
      parameters: Number(info["general.parameter_count"]),
      weightBytes: models?.find((one) => one.name === model)?.size,
      layers: of("block_count"),
      kvHeads: of("attention.head_count_kv"),
      headDim: of("embedding_length") / of("attention.head_count"),
      trainedContext: of("context_length"),
    },
    dimensions: {
      num_ctx: plan?.numCtx,
      num_batch: plan?.numBatch,
      num_thread: THREADS,
      kv_cache_type: CACHE_TYPES,
    },
    defaults: {
      num_ctx: Math.min(4096, Math.max(...(plan?.numCtx ?? []))),
      num_batch: 512,
      num_thread: threads,
      kv_cache_type: "f16",
      num_predict: NUM_PREDICT,
    },
    provenance: "synthetic",
    recorded: new Date().toISOString(),
  });
}
