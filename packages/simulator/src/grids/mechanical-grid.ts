// A made machine that is built up from parts: cores that contend, caches that overflow, memory that is shared, a bus to
// a GPU. It knows nothing of the cost model or the surrogate of the search.
import type { SeededRandom } from "@ozone/shared/statistics/seeded-random";
import type { GridConfig } from "./recorded-grid.ts";
import type { MadeGrid, MadeOutcome } from "./write-grid.ts";

const GIB = 2 ** 30;
const BYTES: Readonly<Record<string, number>> = { f16: 2, q8_0: 34 / 32, q4_0: 18 / 32 };

const between = (random: SeededRandom, low: number, high: number): number =>
  low + (high - low) * random.next();
const logBetween = (random: SeededRandom, low: number, high: number): number =>
  Math.exp(between(random, Math.log(low), Math.log(high)));

/** Constants of one made machine. */
function partsOf(random: SeededRandom) {
  const cores = random.pick([2, 4, 6, 8, 12, 16]);
  const gpu = random.next() < 0.4;
  const layers = random.pick([16, 24, 28, 32]);
  const weightBytes = logBetween(random, 0.6, 9) * GIB;
  return {
    cores,
    gpu,
    layers,
    weightBytes,
    kvHeads: random.pick([4, 8]),
    headDim: random.pick([64, 128]),
    ramBytes: random.pick([8, 16, 16, 32]) * GIB,
    vramBytes: gpu ? random.pick([6, 8, 12, 16, 24]) * GIB : 0,
    ramBytesPerSecond: logBetween(random, 18e9, 90e9),
    vramBytesPerSecond: logBetween(random, 180e9, 900e9),
    coreFlops: logBetween(random, 15e9, 90e9),
    gpuFlops: logBetween(random, 3e12, 30e12),
    /** Threads beyond this share of the cores only get in each other's way. */
    saturation: between(random, 0.35, 0.85),
    /** What using every core costs: the server itself has none left. */
    lastCoreCost: between(random, 0.02, 0.55),
    batchKnee: logBetween(random, 48, 700),
    batchSpillCost: between(random, 0.0, 0.35),
    dequantCost: { q8_0: between(random, 0.0, 0.6), q4_0: between(random, 0.05, 0.9) },
    flashGain: between(random, -0.1, 0.6),
    attentionShare: between(random, 0.3, 1.4),
    ripplePhase: between(random, 0, 6.28),
  };
}

type Parts = ReturnType<typeof partsOf>;

/** Threads at work, after contention. */
function threadPower({ cores, saturation, lastCoreCost }: Parts, threads: number): number {
  const useful = Math.min(threads, cores);
  const knee = Math.max(1, saturation * cores);
  const power = useful <= knee ? useful : knee + (useful - knee) * 0.15;
  return threads >= cores ? power * (1 - lastCoreCost) : power;
}

function memoryOf(parts: Parts, config: GridConfig) {
  const numCtx = Number(config.num_ctx);
  const kv =
    2 *
    parts.layers *
    parts.kvHeads *
    parts.headDim *
    (BYTES[String(config.kv_cache_type ?? "f16")] ?? 2) *
    numCtx *
    Number(config.concurrency ?? 1);
  const buffers = Number(config.num_batch) * parts.layers * parts.headDim * parts.kvHeads * 24;
  const onGpu = parts.gpu ? Math.min(1, Number(config.num_gpu ?? parts.layers) / parts.layers) : 0;
  const bytes = parts.weightBytes + kv + buffers;
  return {
    kv,
    bytes,
    onGpu,
    vram: onGpu * bytes + (onGpu > 0 ? 0.4 * GIB : 0),
    ram: (1 - onGpu) * bytes + 0.5 * GIB,
  };
}

function answerOf(parts: Parts, config: GridConfig): MadeOutcome {
  const memory = memoryOf(parts, config);
  if (
    memory.ram > 0.92 * parts.ramBytes ||
    memory.vram > 0.97 * parts.vramBytes * (memory.onGpu > 0 ? 1 : 2)
  ) {
    if (memory.vram > 0.97 * parts.vramBytes || memory.ram > 0.92 * parts.ramBytes)
      return { outcome: "oom", seconds: 3 };
  }
  const type = String(config.kv_cache_type ?? "f16");
  const flash = config.flash_attention === "on";
  if (type !== "f16" && config.flash_attention === "off") return { outcome: "error", seconds: 1 };
  const numCtx = Number(config.num_ctx);
  const batch = Math.min(Number(config.num_batch), numCtx);
  const concurrency = Number(config.concurrency ?? 1);
  const promptTokens = Math.floor(0.9 * numCtx);
  const power = threadPower(parts, Number(config.num_thread ?? Math.max(1, parts.cores - 1)));
  const share = power / threadPower(parts, Math.max(1, Math.round(parts.saturation * parts.cores)));
  const ramRate = parts.ramBytesPerSecond * Math.min(1, 0.25 + 0.75 * share);
  const dequant = type === "q8_0" || type === "q4_0" ? parts.dequantCost[type] : 0;
  const kvRead = 0.9 * memory.kv * (1 + dequant);
  const seconds =
    (memory.onGpu * (parts.weightBytes + kvRead)) / (0.7 * parts.vramBytesPerSecond) +
    ((1 - memory.onGpu) * (parts.weightBytes + kvRead)) / (0.8 * ramRate) +
    (memory.onGpu > 0 && memory.onGpu < 1 ? 0.0015 : 0.0002);
  const ripple = 1 + 0.012 * Math.sin(parts.ripplePhase + Math.log2(batch) * 2.1 + Math.log2(numCtx) * 1.3);
  const fillCost =
    1 +
    parts.batchKnee / batch +
    parts.batchSpillCost * Math.max(0, Math.log2(batch / (4 * parts.batchKnee)));
  const flops = memory.onGpu * parts.gpuFlops + (1 - memory.onGpu) * parts.coreFlops * power;
  const parameters = parts.weightBytes / 0.6;
  const attention =
    1 + (parts.attentionShare * promptTokens) / 16_000 / (flash ? 1 + Math.max(-0.5, parts.flashGain) : 1);
  const prefillTps =
    (flops / (2 * parameters)) * (2.2 / fillCost) * (1 / (attention * (1 + 0.5 * dequant))) * ripple;
  const together = concurrency / (1 + 0.55 * (concurrency - 1));
  return {
    outcome: "ok",
    decodeTps: (together / seconds) * ripple,
    prefillTps: prefillTps * Math.sqrt(together),
    promptTokens,
    memoryBytes: memory.bytes,
  };
}

/** Dimensions of some 300 to 500 points, by what the machine has. */
function dimensionsOf({ cores, gpu, layers }: Parts, random: SeededRandom) {
  const threads = [...new Set([1, Math.max(1, cores >> 1), Math.max(1, cores - 1), cores])];
  return {
    num_ctx: random.pick([
      [2048, 4096, 8192, 16_384, 32_768],
      [4096, 8192, 16_384, 32_768, 65_536, 131_072],
    ]),
    num_batch: random.pick([
      [64, 128, 256, 512],
      [128, 256, 512, 1024, 2048],
    ]),
    num_thread: threads,
    ...(gpu
      ? { num_gpu: [0, Math.floor(layers / 2), layers], kv_cache_type: ["f16", "q8_0"] }
      : { kv_cache_type: ["f16", "q8_0", "q4_0"], ...(cores > 4 ? {} : { concurrency: [1, 2] }) }),
  };
}

/** A made machine. */
export function mechanicalGrid(random: SeededRandom, name: string): MadeGrid {
  const parts = partsOf(random);
  const dimensions = dimensionsOf(parts, random);
  return {
    header: {
      format: "ozone-grid/1",
      machine: {
        name,
        cores: parts.cores,
        memoryBytes: parts.ramBytes,
        gpu: parts.gpu ? { name: "made", memoryBytes: parts.vramBytes } : null,
      },
      model: {
        name: "made",
        parameters: Math.round(parts.weightBytes / 0.6),
        weightBytes: Math.round(parts.weightBytes),
        layers: parts.layers,
        kvHeads: parts.kvHeads,
        headDim: parts.headDim,
        trainedContext: 131_072,
      },
      dimensions,
      defaults: {
        num_ctx: 4096,
        num_batch: 512,
        num_thread: Math.max(1, parts.cores - 1),
        kv_cache_type: "f16",
        ...(parts.gpu ? { num_gpu: parts.layers } : {}),
        ...("concurrency" in dimensions ? { concurrency: 1 } : {}),
      },
      provenance: "simulated",
    },
    answer: (config) => answerOf(parts, config),
    noise: between(random, 0.004, 0.026),
    spikes: { chance: between(random, 0, 0.06), depth: 0.3 },
    repetitions: 10,
  };
}
