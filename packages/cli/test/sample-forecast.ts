// A forecast as the coordinator would send it, for tests of the command line.
import { create } from "@bufbuild/protobuf";
import {
  ForecastBasis,
  MemoryFit,
  type PlanSweepResponse,
  PlanSweepResponseSchema,
  TargetForecastSchema,
} from "@ozone/proto/sweep_service";

const cache = (kvCacheType: string, bytes: bigint, fit: MemoryFit) => ({
  kvCacheType,
  needBytes: bytes,
  fit,
});

/** One target with results behind it. */
export const TARGET_FORECAST = create(TargetForecastSchema, {
  machineId: "m-1",
  machineName: "lab-pc-17",
  modelName: "qwen3:8b",
  configurations: 49,
  measuredMin: 49,
  measuredMax: 49,
  trialsMin: 59,
  trialsMax: 65,
  samples: 3,
  duration: { lowMs: 2_160_000, likelyMs: 3_480_000, highMs: 11_100_000 },
  basis: ForecastBasis.RESULTS,
  earlierResults: 12,
  memoryBytes: 25_276_502_016n,
  contexts: [
    {
      numCtx: 4096,
      concurrency: 1,
      configurations: 8,
      caches: [cache("f16", 5_800_000_000n, MemoryFit.FITS), cache("q8_0", 5_500_000_000n, MemoryFit.FITS)],
      fill: { lowMs: 850, likelyMs: 9_000, highMs: 13_400 },
    },
    {
      numCtx: 131_072,
      concurrency: 1,
      configurations: 8,
      caches: [
        cache("f16", 29_000_000_000n, MemoryFit.TOO_LARGE),
        cache("q8_0", 17_000_000_000n, MemoryFit.FITS),
      ],
    },
  ],
  notes: ["The machine runs on battery."],
});

/** The answer with that target alone. */
export const forecast = (values: Partial<PlanSweepResponse> = {}): PlanSweepResponse =>
  Object.assign(
    create(PlanSweepResponseSchema, {
      request: { name: "seed-144", strategy: "grid" },
      targets: [TARGET_FORECAST],
      targetsTotal: 1,
    }),
    values,
  );
