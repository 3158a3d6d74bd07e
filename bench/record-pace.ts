// Records the pace of the reference engine for the scripted Ollama: `node bench/dist/record-pace.js idle|loaded`
// prints a recording as JSON. Idle keeps the generations during which others used the machine least, and says how
// much that was; loaded runs one busy loop per core beside it. Asked over bare HTTP.
import { fork } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { foreignLoadCores, takeCpuSnapshot } from "@ozone/agent/src/machine/foreign-load.ts";
import { candidateWords } from "@ozone/agent/src/measure/word-list.ts";
import { bareGeneration } from "./bare-loop.ts";
import { startEngine } from "./engine-process.ts";
import { madeGaps } from "./honesty/made-gaps.ts";

const MODEL = "ozone-synthetic:4m";
const OPTIONS = { num_ctx: 4608, num_batch: 512, num_thread: 1, temperature: 0.8, min_p: 0.1 };
const DEPTHS = [16, 128, 400, 900, 1800, 3600];
const GENERATIONS = 6;
const NUM_PREDICT = 64;
const QUIET_CORES = 0.15;
const TRIES_MAX = 120;
const LATE_SHARE = 0.1;

interface Kept {
  readonly promptTokens: number;
  readonly prefillMs: number;
  readonly gapsMs: readonly number[];
  readonly foreignCores: number;
}

const condition = process.argv[2];
if (process.argv[3] === "busy") for (;;) Math.sqrt(performance.now());
if (condition !== "idle" && condition !== "loaded") throw new Error("Say idle or loaded.");
const busy =
  condition === "loaded"
    ? Array.from({ length: availableParallelism() }, () => fork(process.argv[1] ?? "", ["loaded", "busy"]))
    : [];
const dataDir = await mkdtemp(join(tmpdir(), "ozone-record-"));
const engine = await startEngine(dataDir);
try {
  const samples: Kept[] = [];
  for (const depth of DEPTHS) samples.push(...(await record(depth)));
  process.stdout.write(`${JSON.stringify({ source: sourceOf(samples), condition, samples }, null, 1)}\n`);
} finally {
  await engine.stop();
  for (const one of busy) one.kill();
  await rm(dataDir, { recursive: true, force: true });
}

async function record(words: number): Promise<readonly Kept[]> {
  const seen: Kept[] = [];
  const quiet = () => seen.filter(({ foreignCores }) => foreignCores <= QUIET_CORES).length;
  const enough = () => (condition === "loaded" ? seen.length : quiet()) >= GENERATIONS;
  for (let tried = 0; !enough() && tried < TRIES_MAX; tried += 1) {
    const one = await generation(words, tried);
    process.stderr.write(
      `${words} words: ${one === null ? "seen late" : `${one.foreignCores} cores of others`}\n`,
    );
    // The very first one loads the model.
    if (one !== null && (tried > 0 || words !== DEPTHS[0])) seen.push(one);
  }
  if (seen.length < GENERATIONS)
    throw new Error(`Too few generations of ${words} words were seen in time; try again.`);
  if (condition === "loaded") return seen;
  return seen.toSorted((a, b) => a.foreignCores - b.foreignCores).slice(0, GENERATIONS);
}

/** One generation, or null when this process saw it later than the engine made it: its gaps would be our own. */
async function generation(words: number, seed: number): Promise<Kept | null> {
  const before = await takeCpuSnapshot([engine.pid]);
  const sample = await bareGeneration(engine.url, {
    model: MODEL,
    prompt: promptOf(words),
    options: { ...OPTIONS, num_predict: NUM_PREDICT, seed },
  });
  const after = await takeCpuSnapshot([engine.pid]);
  const decodeMs = (1000 * sample.gapsMs.length) / sample.decodeTokensPerSecond;
  if (Math.abs(sample.spanMs - decodeMs) > LATE_SHARE * decodeMs) return null;
  return {
    promptTokens: sample.promptTokens,
    prefillMs: rounded(sample.promptMs),
    gapsMs: madeGaps(sample.gapsMs).map(rounded),
    foreignCores: rounded(before && after ? (foreignLoadCores(before, after) ?? Number.NaN) : Number.NaN),
  };
}

function promptOf(words: number): string {
  const draw = () => candidateWords[Math.floor(Math.random() * candidateWords.length)] ?? "the";
  return Array.from({ length: words }, draw).join(" ");
}

function rounded(value: number): number {
  return Number(value.toFixed(3));
}

function sourceOf(samples: readonly Kept[]): string {
  const loads = samples.map(({ foreignCores }) => foreignCores);
  return [
    `reference engine, ${MODEL}, num_ctx ${OPTIONS.num_ctx}, num_batch ${OPTIONS.num_batch}, 1 thread`,
    `${cpus()[0]?.model.trim()}, ${cpus().length} logical cores, Node ${process.versions.node}`,
    `others used ${Math.min(...loads).toFixed(2)} to ${Math.max(...loads).toFixed(2)} cores meanwhile`,
  ].join("; ");
}
