import { create } from "@bufbuild/protobuf";
import { type SweepRequest, SweepRequestSchema } from "@ozone/proto/sweep";
import { ForecastBasis, MemoryFit } from "@ozone/proto/sweep_service";
import type { TrialResult } from "@ozone/proto/trial";
import { namedSweep } from "@ozone/shared/named-sweeps";
import { readSweep } from "@ozone/shared/sweep-file";
import { describe, expect, it } from "vitest";
import { madeResult } from "../../testing/made-results.ts";
import { madeAnnouncement } from "../../testing/made-sweep.ts";
import { runTarget } from "../../testing/made-target.ts";
import { completeRequest } from "../complete-request.ts";
import { targetPlanner } from "../plan-target.ts";
import { forecastTarget } from "./forecast-target.ts";
import { totalDuration } from "./total-duration.ts";

const sweepOf = (document: object): SweepRequest =>
  completeRequest(readSweep(document).request ?? create(SweepRequestSchema));
const GRID = {
  strategy: "grid",
  matrix: { num_ctx: [1024, 4096, 8192], num_batch: [128, 512], num_predict: 64 },
};

/** 24 GB, 4 MB of weights; `kvBytes` per token, `facts` on top of the made ones. */
function machineWith({
  kvBytes = 1_024,
  facts = {},
  memory = {},
}: {
  kvBytes?: number;
  facts?: object;
  memory?: object;
} = {}) {
  const announcement = madeAnnouncement("m-1");
  const made = JSON.parse(announcement.factsJson);
  announcement.factsJson = JSON.stringify({ ...made, ...facts, memory: { ...made.memory, ...memory } });
  for (const model of announcement.models) model.kvBytesPerToken = BigInt(kvBytes);
  return { id: "m-1", announcement, activity: "idle", lastSeenAt: new Date(0), silentMs: 0, tags: [] };
}
const TARGET = { machineId: "m-1", modelName: "ozone-synthetic:4m", modelDigest: "sha256:abc" };
const forecast = (document: object, machine = machineWith(), results: TrialResult[] = []) =>
  forecastTarget({ request: sweepOf(document), machine, target: TARGET, results, sweepsBefore: 0 });
const GPU = {
  vendor: "nvidia",
  model: "X",
  vramBytes: 12e9,
  driver: "1",
  unified: false,
  cores: null,
  index: 0,
};
const RESULTS = [madeResult({ decode: [100, 100] })];

describe("the forecast of a target", () => {
  it.each([
    ["grid", GRID],
    ["a grid with many references", namedSweep("seed-144")?.document ?? {}],
    ["random", { ...GRID, strategy: "random" }],
    ["guided", { ...GRID, strategy: "guided", seed: "a" }],
    ["halving", { ...GRID, strategy: "halving", seed: "a" }],
    ["a guided search in three samples", { ...GRID, strategy: "guided", seed: "b", repetitions: 3 }],
  ])("names how many trials the planner really makes of %s", (_title, document) => {
    const { ran } = runTarget(targetPlanner, sweepOf(document), {
      rateOf: (n) => 100 + (n % 3),
      trialMs: 20_000,
    });
    const { trialsMin = 0, trialsMax = 0 } = forecast(document, machineWith(), RESULTS);
    expect(ran.length).toBeGreaterThanOrEqual(trialsMin);
    expect(ran.length).toBeLessThanOrEqual(trialsMax);
  });

  it("counts a fill once that several output lengths share, and says so", () => {
    const document = namedSweep("seed-144")?.document ?? {};
    const [shared, alone] = ["on", "off"].map((share_fill) =>
      forecast({ ...document, share_fill }, machineWith(), RESULTS),
    );
    expect([shared?.configurations, alone?.configurations]).toEqual([49, 49]);
    // The default and 48 points: one trial each, or 20 pairs and 8 alone (4096, where 512 tokens shorten the prompt).
    expect((alone?.trialsMin ?? 0) - (shared?.trialsMin ?? 0)).toBeGreaterThanOrEqual(20);
    expect(shared?.notes.join(" ")).toMatch(/28 trials measure 48 points .* num_ctx 4096 is filled anew/);
    expect(alone?.notes.join(" ")).not.toMatch(/share fills/);
  });

  it("takes the time of the fills that are shared out of the estimate, at every end of its range", () => {
    const matrix = { num_ctx: [2048, 8192], num_batch: [512], num_predict: [64, 128] };
    const [shared, alone] = ["on", "off"].map((share_fill) =>
      forecast({ strategy: "grid", repetitions: 3, share_fill, matrix }, machineWith(), RESULTS),
    );
    const contexts = (shared?.contexts ?? []).filter(({ numCtx }) => matrix.num_ctx.includes(numCtx));
    expect(contexts).toHaveLength(2);
    for (const end of ["lowMs", "likelyMs", "highMs"] as const) {
      const fills = contexts.reduce((sum, { fill }) => sum + 3 * (fill?.[end] ?? Number.NaN), 0);
      const saved = (alone?.duration?.[end] ?? 0) - (shared?.duration?.[end] ?? 0);
      expect(saved).toBeGreaterThan(0.999 * fills);
    }
  });

  it("says how long from earlier results, and by how many", () => {
    const { duration, basis, earlierResults } = forecast(GRID, machineWith(), RESULTS);
    expect([basis, earlierResults]).toEqual([ForecastBasis.RESULTS, 1]);
    const { lowMs = 0, likelyMs = 0, highMs = 0 } = duration ?? {};
    expect(lowMs > 0 && lowMs < likelyMs && likelyMs < highMs).toBe(true);
    const twice = forecast({ ...GRID, repetitions: 2 }, machineWith(), RESULTS).duration;
    expect(twice?.likelyMs).toBeGreaterThan(likelyMs);
  });

  it("guesses from memory bandwidth where nothing was measured, and says unknown where there is no ground", () => {
    const known = machineWith({ memory: { bandwidthBytesPerSecond: 20e9 } });
    const guess = forecast(GRID, known);
    expect(guess.basis).toBe(ForecastBasis.BANDWIDTH);
    expect((guess.duration?.highMs ?? 0) / (guess.duration?.lowMs ?? 1)).toBeGreaterThan(3);
    for (const machine of [
      machineWith(),
      machineWith({ memory: { bandwidthBytesPerSecond: 20e9 }, facts: { gpus: [GPU] } }),
    ]) {
      const { duration, basis, contexts } = forecast(GRID, machine);
      expect([duration, basis, contexts[0]?.fill]).toEqual([undefined, ForecastBasis.UNKNOWN, undefined]);
    }
  });

  it("tells what fits, what is tight and what is too large by the memory model", () => {
    // 24 GB hold 24,000 of these tokens: 4096 take 4 GB, 20,480 take 21 GB, 32,768 take 33 GB.
    const machine = machineWith({ kvBytes: 1_000_000 });
    const matrix = { num_ctx: [4096, 20_480, 32_768] };
    const { contexts, notes, memoryBytes } = forecast({ strategy: "guided", matrix }, machine, RESULTS);
    const caches = contexts.flatMap((row) => row.caches);
    expect(caches.map(({ fit }) => fit)).toEqual([MemoryFit.FITS, MemoryFit.TIGHT, MemoryFit.TOO_LARGE]);
    expect(caches[0]?.needBytes).toBe(4_100_000_000n);
    expect(memoryBytes).toBe(24_000_000_000n);
    expect(notes.join()).toContain("1 configurations (num_ctx 32768) surely can't fit and are skipped");
    const unknown = forecast({ strategy: "grid", matrix }, machineWith({ kvBytes: 0 })).contexts.flatMap(
      (row) => row.caches,
    );
    expect(unknown.map(({ fit, needBytes }) => [fit, needBytes])).toEqual(
      matrix.num_ctx.map(() => [MemoryFit.UNKNOWN, undefined]),
    );
  });

  it("counts the GPUs' own memory too, and rules nothing out where that is not known", () => {
    const matrix = { num_ctx: [4096, 20_480, 32_768, 65_536] };
    const fits = (gpus: object[] | null) => {
      const machine = machineWith({ kvBytes: 1_000_000, facts: { gpus } });
      const { contexts, notes } = forecast({ strategy: "guided", matrix }, machine, RESULTS);
      return {
        words: contexts.flatMap(({ caches }) => caches.map(({ fit }) => MemoryFit[fit])),
        notes: notes.join(),
      };
    };
    const both = fits([GPU]);
    expect(both.words).toEqual(["FITS", "FITS", "TIGHT", "TOO_LARGE"]);
    expect(both.notes).toContain("judged by main memory and the GPUs' own together");
    const unknown = fits([{ ...GPU, vramBytes: null }]);
    expect(new Set(unknown.words)).toEqual(new Set(["UNKNOWN"]));
    expect(unknown.notes).toContain("How much memory a GPU has is not known");
    expect(fits([{ ...GPU, vramBytes: null, unified: true }]).words).toEqual(fits(null).words);
  });

  it("halves the cache of q8_0 and names each KV-cache type of a context", () => {
    const { contexts } = forecast({
      strategy: "grid",
      matrix: { num_ctx: [8192], kv_cache_type: ["f16", "q8_0"] },
    });
    const caches = contexts.find(({ numCtx }) => numCtx === 8192)?.caches;
    const need = (type: string) => Number(caches?.find(({ kvCacheType }) => kvCacheType === type)?.needBytes);
    expect((need("q8_0") - 4e6) / (need("f16") - 4e6)).toBeCloseTo(17 / 32, 6);
  });

  it("answers for a matrix of ten thousand points", () => {
    const values = (count: number, from: number) => Array.from({ length: count }, (_, index) => from + index);
    const matrix = { num_ctx: values(100, 1024), num_batch: values(100, 32) };
    const { measuredMax, contexts } = forecast(
      { strategy: "guided", budget: "1h", matrix },
      machineWith(),
      RESULTS,
    );
    expect([measuredMax, contexts.length]).toEqual([Math.ceil(0.055 * 10_000), 101]);
  });

  it("is a time box for quick, whatever is known", () => {
    const { duration, basis, trialsMax, measuredMax } = forecast({}, machineWith(), RESULTS);
    expect([duration?.likelyMs, basis, trialsMax, measuredMax]).toEqual([
      240_000,
      ForecastBasis.TIME_BOX,
      undefined,
      undefined,
    ]);
  });

  it("lets a guided search end with its budget, and names what it would take without one", () => {
    const { duration, notes } = forecast(
      { ...GRID, strategy: "guided", budget: "10s" },
      machineWith(),
      RESULTS,
    );
    expect(duration?.likelyMs).toBe(10_000);
    expect(notes.join()).toContain("The budget of 10.0 s ends it; without one it would take about");
  });

  it("names what stands in the way: misfits, impossible combinations, batteries, sizes that were never measured", () => {
    const battery = machineWith({ facts: { powerSource: "battery" } });
    for (const model of battery.announcement.models) model.trainedContext = 16_384;
    const { notes, configurations } = forecast(namedSweep("seed-144")?.document ?? {}, battery, RESULTS);
    expect(configurations).toBe(4 * 2 * 2 * 2 + 1);
    for (const sentence of [
      /num_ctx 24576, 32768 left out: the model was trained for 16384 tokens/,
      /num_batch 8, 16 was not measured here yet/,
      /Each trial starts a server/,
      /runs on battery/,
    ]) {
      expect(
        notes.some((note) => sentence.test(note)),
        String(sentence),
      ).toBe(true);
    }
    const odd = {
      strategy: "grid",
      matrix: { kv_cache_type: ["f16", "q8_0"], flash_attention: ["on", "off"] },
    };
    expect(forecast(odd).notes.join()).toContain("a quantised KV cache needs flash attention");
  });
});

describe("the time of all targets", () => {
  it("is the slowest host's, whose targets wait for each other, and unknown with any of them", () => {
    const one = forecast({}, machineWith(), RESULTS);
    const on = (hostId: string, target = one) => ({ hostId, forecast: target });
    expect(totalDuration([on("a"), on("a"), on("b")])?.likely).toBe(480_000);
    expect(totalDuration([on("a"), on("b", forecast(GRID))])).toBeNull();
  });
});
