import { fileURLToPath } from "node:url";
import { seededRandom } from "@ozone/shared/statistics/seeded-random";
import { describe, expect, it } from "vitest";
import { mechanicalGrid } from "../grids/mechanical-grid.ts";
import { GridProblem, parseGrid } from "../grids/recorded-grid.ts";
import { tabularGrid } from "../grids/tabular-grid.ts";
import { writeGrid } from "../grids/write-grid.ts";
import { replay } from "./replay.ts";
import { replayDocument } from "./replay-document.ts";
import { ModuleProblem, replayPlugIn } from "./replay-plug-in.ts";
import { handedOut, keptBack } from "./replayer.ts";

const EXAMPLE = fileURLToPath(new URL("../../../../docs/examples/coordinate-descent.mjs", import.meta.url));

const made = (kind: "mechanical" | "tabular", seed: number): string => {
  const random = seededRandom(`${kind}/${seed}`);
  const make = kind === "mechanical" ? mechanicalGrid : tabularGrid;
  return writeGrid(make(random.fork("machine"), `${kind}-${seed}`), random.fork("noise"));
};

const HEADER = {
  format: "ozone-grid/1",
  machine: { name: "small", cores: 4, memoryBytes: 16e9, gpu: null },
  model: {
    name: "m",
    parameters: 1e9,
    weightBytes: 1e9,
    layers: 16,
    kvHeads: 8,
    headDim: 64,
    trainedContext: 8192,
  },
  dimensions: { num_ctx: [2048, 4096, 8192], num_batch: [128, 512], kv_cache_type: ["f16", "q8_0"] },
  defaults: { num_ctx: 4096, num_batch: 512, kv_cache_type: "f16" },
  provenance: "simulated",
};
const line = (config: object, repetition: number, change: object = {}): string =>
  JSON.stringify({
    config,
    repetition,
    outcome: "ok",
    decode_tps: 50,
    prefill_tps: 900,
    ttft_ms: 2000,
    memory_bytes: 1e9,
    seconds: 3,
    ...change,
  });
const whole = (change: (config: Record<string, number | string>) => object = () => ({})): string => {
  const lines = HEADER.dimensions.num_ctx.flatMap((num_ctx) =>
    HEADER.dimensions.num_batch.flatMap((num_batch) =>
      HEADER.dimensions.kv_cache_type.flatMap((kv_cache_type) =>
        [0, 1, 2, 3].map((repetition) => {
          const config = { num_ctx, num_batch, kv_cache_type };
          return line(config, repetition, change(config));
        }),
      ),
    ),
  );
  return [JSON.stringify(HEADER), ...lines].join("\n");
};

describe("a recorded grid", () => {
  it("is read with its repetitions in their order, and half of them kept back", () => {
    const { points } = parseGrid(whole());
    expect(points.size).toBe(12);
    for (const point of points.values()) {
      expect(handedOut(point).map(({ repetition }) => repetition)).toEqual([0, 2]);
      expect(keptBack(point).map(({ repetition }) => repetition)).toEqual([1, 3]);
    }
  });

  it.each([
    ["", /file is empty/],
    ["{", /Line 1 is no JSON object/],
    [JSON.stringify({ ...HEADER, format: "other" }), /Line 1: format/],
    [JSON.stringify(HEADER), /header but no repetition/],
    [`${JSON.stringify(HEADER)}\n${line({ num_ctx: 2048 }, 0, { outcome: "maybe" })}`, /Line 2: outcome/],
    [
      `${JSON.stringify(HEADER)}\n${line({ num_ctx: 2048 }, 0, { decode_tps: undefined })}`,
      /Line 2: .*needs decode_tps/,
    ],
    [`${JSON.stringify(HEADER)}\n${line({ warp: 9 }, 0)}`, /dimension "warp" is not known/],
  ])("that can't be used is refused with one sentence: %#", (text, sentence) => {
    expect(() => parseGrid(text)).toThrow(GridProblem);
    expect(() => parseGrid(text)).toThrow(sentence);
  });
});

describe("a replay", () => {
  it("finds the best of each objective on a grid where it is plain", () => {
    const text = whole(({ num_ctx, num_batch, kv_cache_type }) => ({
      decode_tps: kv_cache_type === "f16" ? 60 : 40,
      ttft_ms: Number(num_ctx) / (num_batch === 128 ? 2 : 1),
    }));
    const { presets, trialsUsed, gridTrials } = replayDocument(parseGrid(text), "guided", "1");
    expect(presets.fast_response).toMatchObject({
      config: { num_ctx: 4096, num_batch: 128, kv_cache_type: "f16" },
      regret: 0,
    });
    expect(presets.max_context?.config).toMatchObject({ num_ctx: 8192, kv_cache_type: "f16" });
    expect(gridTrials).toBe(12);
    expect(trialsUsed).toBeLessThanOrEqual(12);
  });

  it("with the grid strategy looks at every configuration", () => {
    const { trialsUsed, gridTrials } = replayDocument(parseGrid(whole()), "grid", "1");
    expect(trialsUsed).toBe(gridTrials);
  });

  it("counts what ran out of memory, and never offers it", () => {
    const text = whole(({ num_ctx, kv_cache_type }) =>
      num_ctx === 8192 && kv_cache_type === "f16" ? { outcome: "oom", decode_tps: undefined } : {},
    );
    const { presets, oomTrials } = replayDocument(parseGrid(text), "grid", "1");
    expect(oomTrials).toBe(2);
    expect(presets.max_context?.config).toMatchObject({ num_ctx: 8192, kv_cache_type: "q8_0" });
  });

  it("is judged by another recording of the same configurations where one is given", () => {
    const grid = parseGrid(whole(({ num_batch }) => ({ ttft_ms: num_batch === 128 ? 500 : 2000 })));
    const otherwise = whole(({ num_batch }) => ({ ttft_ms: num_batch === 128 ? 2000 : 500 }));
    const options = { strategy: "grid", seed: "1", trialsMax: 0 };
    const [alone, judged] = [
      replay(grid, options),
      replay(grid, { ...options, truth: parseGrid(otherwise) }),
    ];
    expect(judged.presets.balanced?.config).toEqual(alone.presets.balanced?.config);
    expect(alone.presets.balanced?.regret).toBe(0);
    expect(judged.presets.balanced?.regret).toBeGreaterThan(0.3);
  });

  it("gives the same outcome for the same seed", () => {
    const grid = parseGrid(made("tabular", 3));
    expect(replayDocument(grid, "guided", "7")).toEqual(replayDocument(grid, "guided", "7"));
  });

  it("of the guided search beats chance at equal budget, with an eighth of the grid", () => {
    const grids = [1, 5].flatMap((seed) => [made("mechanical", seed), made("tabular", seed)]);
    let [guided, chance, trials, all] = [0, 0, 0, 0];
    for (const text of grids) {
      const { presets, random, trialsUsed, gridTrials } = replayDocument(parseGrid(text), "guided", "1");
      trials += trialsUsed;
      all += gridTrials;
      for (const [purpose, { regret }] of Object.entries(presets)) {
        guided += regret;
        chance += random.presets[purpose]?.regret ?? 1;
      }
    }
    expect(guided).toBeLessThan(0.3 * chance);
    expect(trials / all).toBeLessThan(0.135);
  }, 60_000);

  it("of successive halving beats chance at as many configurations", () => {
    let [halving, chance] = [0, 0];
    for (const name of [3, 10, 11, 20, 24].flatMap((seed) => [`mechanical-${seed}`, `tabular-${seed}`])) {
      const [kind, seed] = name.split("-");
      const grid = parseGrid(made(kind === "mechanical" ? "mechanical" : "tabular", Number(seed)));
      for (const strategySeed of ["1", "2"]) {
        const lost = (strategy: string, trialsMax: number) => {
          const { presets, usage } = replay(grid, { strategy, seed: strategySeed, trialsMax });
          return { usage, regret: Object.values(presets).reduce((sum, { regret }) => sum + regret, 0) };
        };
        const { usage, regret } = lost("halving", 0);
        expect(usage.trials / grid.points.size).toBeLessThan(0.21);
        halving += regret;
        chance += lost("random", usage.trials).regret;
      }
    }
    expect(halving).toBeLessThan(0.6 * chance);
  });

  it("of a module asks it as the coordinator does, and takes no nonsense from it", async () => {
    const grid = parseGrid(whole(({ num_batch }) => ({ ttft_ms: num_batch === 128 ? 500 : 2000 })));
    const { presets, trialsUsed } = await replayPlugIn(grid, EXAMPLE, "1", () => undefined);
    // It confirms one configuration, so that all presets are chosen from that one and the default.
    expect(presets.balanced?.config).toMatchObject({ num_batch: 128 });
    expect(trialsUsed).toBeLessThan(12);
    await expect(replayPlugIn(grid, "./none.mjs", "1", () => undefined)).rejects.toThrow(ModuleProblem);
    const notOne = fileURLToPath(new URL("./truth.ts", import.meta.url));
    await expect(replayPlugIn(grid, notOne, "1", () => undefined)).rejects.toThrow(
      /^The plug-in strategy .*\.$/,
    );
  });
});
