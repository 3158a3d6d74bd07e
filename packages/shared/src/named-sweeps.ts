// The named sweeps: sweeps that a person can start by a word, as the same documents that a sweep file has. Data only.

/** A sweep with a name, as a person would have written it. */
export interface NamedSweep {
  readonly name: string;
  /** What it is for, in one line. */
  readonly summary: string;
  /** The keys of a sweep file (sweep-file.ts). */
  readonly document: Readonly<Record<string, unknown>>;
}

/** One core to many; what does not suit a machine's cores is left out there. */
const THREADS = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96];

const quick: NamedSweep = {
  name: "quick",
  summary: "a time box of 240 s without a matrix: what quickstart runs",
  document: { name: "quick", strategy: "quick" },
};

const standard: NamedSweep = {
  name: "standard",
  summary: "guided over contexts, batch sizes and threads, on the machine's own server; two hours at most",
  document: {
    name: "standard",
    strategy: "guided",
    budget: "2h",
    misfits: "leave_out",
    matrix: {
      num_ctx: [4096, 8192, 16_384, 32_768, 40_960, 65_536, 131_072, 262_144],
      num_batch: [64, 128, 256, 512, 1024, 2048],
      num_thread: THREADS,
    },
  },
};

const thorough: NamedSweep = {
  name: "thorough",
  summary: "guided over all that standard has, KV-cache types and flash attention; 3 samples, sustained runs",
  document: {
    name: "thorough",
    strategy: "guided",
    repetitions: 3,
    precision: "on",
    sustained: "60s",
    misfits: "leave_out",
    matrix: {
      num_ctx: [
        4096, 8192, 12_288, 16_384, 24_576, 32_768, 40_960, 65_536, 98_304, 131_072, 196_608, 262_144,
      ],
      num_batch: [32, 64, 128, 256, 512, 1024, 2048],
      num_thread: THREADS,
      kv_cache_type: ["f16", "q8_0", "q4_0"],
      flash_attention: ["on", "off"],
    },
  },
};

/** The matrix that the first tool called "144 configurations": 6 x 2 x 2 x 2 are 48, in 3 runs each; lengths share fills. */
const seed144: NamedSweep = {
  name: "seed-144",
  summary: "the first tool's own matrix as a grid: 48 configurations, 144 runs",
  document: {
    name: "seed-144",
    strategy: "grid",
    repetitions: 3,
    share_fill: "on",
    misfits: "leave_out",
    matrix: {
      num_ctx: [4096, 8192, 12_288, 16_384, 24_576, 32_768],
      num_batch: [8, 16],
      kv_cache_type: ["f16", "q8_0"],
      num_predict: [256, 512],
    },
  },
};

/** Every named sweep, in the order in which they ask for time. */
export const NAMED_SWEEPS: readonly NamedSweep[] = [quick, standard, thorough, seed144];

/** Their names: "quick, standard, thorough, seed-144". */
export const NAMED_SWEEP_NAMES: string = NAMED_SWEEPS.map(({ name }) => name).join(", ");

/** The named sweep that is spelt exactly so, or null. */
export const namedSweep = (name: string): NamedSweep | null =>
  NAMED_SWEEPS.find((sweep) => sweep.name === name) ?? null;
