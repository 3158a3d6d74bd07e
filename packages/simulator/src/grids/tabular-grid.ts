// A made machine without any mechanism: every option has a table of effects drawn by chance, pairs of options interact by
// chance, and the whole is rough. What holds here holds by the search's own virtue, not because it guessed the physics.
import type { SeededRandom } from "@ozone/shared/statistics/seeded-random";
import type { GridConfig, GridHeader } from "./recorded-grid.ts";
import type { MadeGrid, MadeOutcome } from "./write-grid.ts";

const GIB = 2 ** 30;

const between = (random: SeededRandom, low: number, high: number): number =>
  low + (high - low) * random.next();

type Table = ReadonlyMap<string, number>;

/** Effects with one peak somewhere, of chance height and steepness. */
function peaked(random: SeededRandom, values: readonly unknown[], depth: number): Table {
  const peak = random.integer(values.length);
  let effect = 0;
  const effects = new Map<string, number>([[String(values[peak]), 0]]);
  for (let level = peak + 1; level < values.length; level += 1) {
    effect -= depth * random.next();
    effects.set(String(values[level]), effect);
  }
  effect = 0;
  for (let level = peak - 1; level >= 0; level -= 1) {
    effect -= depth * random.next();
    effects.set(String(values[level]), effect);
  }
  return effects;
}

/** Effects of pairs of values of two dimensions. */
function pairs(random: SeededRandom, a: readonly unknown[], b: readonly unknown[], size: number): Table {
  return new Map(
    a.flatMap((one) => b.map((other) => [`${one} ${other}`, size * (2 * random.next() - 1)] as const)),
  );
}

interface Tables {
  readonly single: ReadonlyMap<string, Table>;
  readonly paired: readonly (readonly [string, string, Table])[];
  readonly base: number;
  readonly slope: number;
  readonly curve: number;
}

function tablesOf(
  random: SeededRandom,
  dimensions: GridHeader["dimensions"],
  made: Omit<Tables, "single" | "paired">,
) {
  const others = Object.entries(dimensions).filter(([name]) => name !== "num_ctx");
  const depth: Readonly<Record<string, number>> = {
    num_thread: 0.5,
    num_batch: 0.25,
    kv_cache_type: 0.4,
    num_gpu: 0.7,
  };
  const single = new Map(
    others.map(([name, values]) => [name, peaked(random, values, depth[name] ?? 0.2)] as const),
  );
  const paired = Object.entries(dimensions).flatMap(([a, first], index) =>
    Object.entries(dimensions)
      .slice(index + 1)
      .map(([b, second]) => [a, b, pairs(random, first, second, 0.04)] as const),
  );
  return { ...made, single, paired };
}

function logOf(tables: Tables, config: GridConfig): number {
  const doublings = Math.log2(Number(config.num_ctx) / 4096);
  let log = tables.base + tables.slope * doublings + tables.curve * doublings * doublings;
  for (const [name, table] of tables.single) log += table.get(String(config[name])) ?? 0;
  for (const [a, b, table] of tables.paired) log += table.get(`${config[a]} ${config[b]}`) ?? 0;
  return log;
}

/** A made machine. */
export function tabularGrid(random: SeededRandom, name: string): MadeGrid {
  const dimensions: GridHeader["dimensions"] = {
    num_ctx: random.pick([
      [1024, 2048, 4096, 8192, 16_384, 32_768],
      [4096, 8192, 16_384, 32_768, 65_536, 131_072],
    ]),
    num_batch: [64, 128, 256, 512, 1024].slice(random.integer(2)),
    num_thread: random.pick([
      [1, 2, 3, 4],
      [2, 4, 6, 8],
    ]),
    kv_cache_type: ["f16", "q8_0", "q4_0"],
    ...(random.next() < 0.3 ? { flash_attention: ["on"] } : {}),
  };
  const decode = tablesOf(random, dimensions, {
    base: Math.log(between(random, 8, 120)),
    slope: -between(random, 0.02, 0.5),
    curve: -between(random, 0, 0.05),
  });
  const prefill = tablesOf(random, dimensions, {
    base: Math.log(between(random, 60, 2_500)),
    slope: -between(random, 0.05, 0.6),
    curve: -between(random, 0, 0.05),
  });
  const memoryBytes = random.pick([6, 8, 12, 16]) * GIB;
  const weightBytes = Math.round(between(random, 0.1, 0.5) * memoryBytes);
  const kvBytesPerToken = 2 * 2 * 28 * 8 * 128;
  const headroom = between(random, 0.75, 1);
  const kvShare: Readonly<Record<string, number>> = { f16: 1, q8_0: 0.53, q4_0: 0.28 };
  const answer = (config: GridConfig): MadeOutcome => {
    const bytes =
      weightBytes * 1.05 +
      kvBytesPerToken * Number(config.num_ctx) * (kvShare[String(config.kv_cache_type)] ?? 1) +
      Number(config.num_batch) * 400_000;
    if (bytes > headroom * memoryBytes) return { outcome: "oom", seconds: 4 };
    return {
      outcome: "ok",
      decodeTps: Math.exp(logOf(decode, config)),
      prefillTps: Math.exp(logOf(prefill, config)),
      promptTokens: Math.floor(0.9 * Number(config.num_ctx)),
      memoryBytes: bytes,
    };
  };
  const threads = dimensions.num_thread ?? [];
  return {
    header: {
      format: "ozone-grid/1",
      machine: { name, cores: Number(threads.at(-1)), memoryBytes, gpu: null },
      model: {
        name: "made",
        weightBytes,
        layers: 28,
        kvHeads: 8,
        headDim: 128,
        trainedContext: 131_072,
      },
      dimensions,
      defaults: {
        num_ctx: 4096,
        num_batch: 512,
        num_thread: threads.at(-2) ?? 1,
        kv_cache_type: "f16",
        ...(dimensions.flash_attention ? { flash_attention: "on" } : {}),
      },
      provenance: "simulated",
    },
    answer,
    noise: between(random, 0.004, 0.026),
    spikes: { chance: between(random, 0, 0.06), depth: 0.3 },
    repetitions: 10,
  };
}
