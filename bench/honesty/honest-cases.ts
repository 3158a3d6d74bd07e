// Honest scripted servers that differ as real ones do: release, model, machine, pace, noise, and what is asked of them.
// Seeded: the same number gives the same case. Nothing here is tuned to what the certificate accepts.
import { type ConfigurationValues, configuration } from "@ozone/shared/configuration";
import { seededRandom } from "@ozone/shared/statistics/seeded-random";
import {
  type Architecture,
  flatPace,
  type Pace,
  physicalPace,
  RECORDINGS,
  type ScriptChange,
  type ScriptedModel,
  scriptedModel,
} from "@ozone/simulator/scripted-ollama";

/** One case: the server, and what is asked of it. */
export interface HonestCase {
  readonly words: string;
  readonly script: ScriptChange;
  readonly modelName: string;
  readonly point: ReturnType<typeof configuration>;
  readonly fill: number;
  readonly launches: number;
}

/** Each release at which something that a client can see has changed, and some between. */
const VERSIONS = [
  ...["0.12.6", "0.12.11", "0.13.5", "0.14.3", "0.15.4", "0.15.5", "0.18.0", "0.21.2", "0.24.0"],
  ...["0.30.0", "0.30.1", "0.30.7", "0.30.8", "0.30.9", "0.30.11", "0.31.0", "0.32.1", "0.33.0"],
];

const SHAPES: readonly Partial<Architecture>[] = [
  {},
  { blocks: 4, embedding: 192, heads: 6, kvHeads: 6 },
  { blocks: 6, embedding: 256, heads: 8, kvHeads: 1, feedForward: 512 },
  { blocks: 3, embedding: 256, heads: 4, kvHeads: 2, vocabulary: 16_384 },
  { blocks: 8, embedding: 128, heads: 2, kvHeads: 2, trainedContext: 8192 },
];

const QUANTIZATIONS = ["q8_0", "q4_0", "f16"] as const;

/** A model of its own per shape and format; which words cost it two tokens belongs to the model as well. */
const MODELS: readonly { model: ScriptedModel; badWords: readonly string[] }[] = SHAPES.flatMap((shape, at) =>
  QUANTIZATIONS.map((quantization) => ({
    model: scriptedModel(`honest${at}:${quantization}`, { quantization, architecture: shape }),
    badWords: at % 2 === 0 ? [] : ["about", "river", "yellow", "knife", "stay"].slice(0, at + 1),
  })),
);

/** Case number `index` of a seed. */
export function honestCase(index: number, seed: number): HonestCase {
  const random = seededRandom(`${seed} ${index}`);
  const one = random.pick;
  const between = (least: number, most: number): number => least + random.next() * (most - least);
  const version = VERSIONS[index % VERSIONS.length] ?? "0.24.0";
  const { model, badWords } = one(MODELS);
  const gpuShare = index % 20 === 19 ? 1 : 0;
  const cores = one([2, 4]);
  const [paceName, pace, timeScale] = paceOf(one, between);
  const contexts = paceName === "loaded" ? SHORT_CONTEXTS : CONTEXTS;
  const point = pointOf({ one, cores, gpuShare, contexts, blocks: model.architecture.blocks });
  const script: ScriptChange = {
    ...{ version, models: [model], badWords, gpuShare, cores, pace, timeScale },
    cachedCountSince: one(["0.34.0", "0.32.0"]),
    loadSeconds: between(0.05, 0.3),
    unloadSeconds: between(0.01, 0.08),
    warmLoadSeconds: between(0.0005, 0.02),
    jitter: { seed: Math.floor(between(1, 2 ** 31)), stepCv: between(0, 0.15), sampleCv: between(0, 0.05) },
    server: { numParallel: one([1, 1, 1, 4]), hostPromptCache: one([true, false]), ...one(KV_SETTINGS) },
  };
  const { numCtx, numBatch, numPredict } = point;
  return {
    words: `case ${index}: ${version}, ${model.name}, ${paceName} pace, num_ctx ${numCtx}, num_batch ${numBatch}, num_predict ${numPredict}`,
    ...{ script, modelName: model.name, point },
    fill: one([0.9, 0.9, 0.5]),
    launches: one([1, 1, 1, 2]),
  };
}

/** Beside busy loops a long prefill takes seconds. */
const SHORT_CONTEXTS = [512, 512, 768, 1024];
const CONTEXTS = [512, 768, 1024, 1024, 1536, 2048, 4096];

const KV_SETTINGS = [
  {},
  {},
  { kvCacheType: "q8_0", flashAttention: true },
  { kvCacheType: "q4_0", flashAttention: true },
] as const;

type One = <Value>(values: readonly Value[]) => Value;
type Between = (least: number, most: number) => number;

/** Mostly what the engine was recorded at, idle or loaded, up to twice as fast or slow; some smooth curves. */
function paceOf(one: One, between: Between): [string, Pace, number] {
  const kind = one(["idle", "idle", "loaded", "loaded", "curve", "flat"] as const);
  if (kind === "curve") return [kind, physicalPace(), between(0.1, 0.3)];
  if (kind === "flat") {
    const prefillTokensPerSecond = between(16_000, 60_000);
    return [kind, flatPace({ prefillTokensPerSecond, decodeTokensPerSecond: between(600, 3_000) }), 1];
  }
  return [kind, { kind: "recording", recording: RECORDINGS[kind] }, between(0.5, kind === "idle" ? 2 : 1)];
}

function pointOf(of: {
  readonly one: One;
  readonly cores: number;
  readonly gpuShare: number;
  readonly blocks: number;
  readonly contexts: readonly number[];
}): HonestCase["point"] {
  const { one, cores, gpuShare, blocks } = of;
  const numCtx = one(of.contexts);
  const numThread = one([undefined, 1, 2, cores]);
  const numGpu = gpuShare > 0 ? one([undefined, blocks + 1]) : one([undefined, undefined, 0]);
  const values: ConfigurationValues = {
    numCtx,
    numBatch: one([32, 64, 128, 256, 512, 1024]),
    numPredict: one([16, 24, 32, 48, 64, 96]),
    ...(numThread === undefined ? {} : { numThread }),
    ...(numGpu === undefined ? {} : { numGpu }),
  };
  return configuration(values);
}
