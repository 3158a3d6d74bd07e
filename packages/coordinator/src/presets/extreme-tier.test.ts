// The extreme tiers of presets: what stands for each, and what a person is told.
import { create, toBinary } from "@bufbuild/protobuf";
import { Purpose } from "@ozone/proto/configuration";
import { PresetSchema } from "@ozone/proto/preset";
import { RoundSchema, type TrialResult } from "@ozone/proto/trial";
import { configuration } from "@ozone/shared/configuration";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type MadeResult, madeDefault, madeResult, point } from "../testing/made-results.ts";
import { choosePresets } from "./choose-preset.ts";

const at = (numCtx: number, made: MadeResult = {}, numBatch = 512): TrialResult =>
  madeResult({
    trialId: `t-${numCtx}-${numBatch}-${made.purpose ?? "s"}-${made.failureClass ?? ""}`,
    configuration: point({ numCtx, numBatch }),
    ...made,
  });

const many = (count: number): number[] => Array.from({ length: count }, (_, index) => 40 + (index % 3));

const presets = (results: readonly TrialResult[]) =>
  new Map(
    choosePresets([madeResult({ trialId: "t-0" }), ...results], [madeDefault()]).map((preset) => [
      preset.purpose,
      preset,
    ]),
  );

describe("extreme tiers", () => {
  it("stand only where a context of the tier was filled, and each in its own", () => {
    const purposes = (results: TrialResult[]) =>
      [...presets(results).keys()].filter((purpose) => purpose.startsWith("extreme"));
    expect(purposes([at(65_535)])).toEqual([]);
    expect(purposes([at(65_536)])).toEqual(["extreme_64k"]);
    expect(purposes([at(131_071), at(131_072), at(524_288)])).toEqual([
      "extreme_64k",
      "extreme_128k",
      "extreme_256k",
    ]);
    const rejected = at(131_072, { rejected: true });
    const failed = at(262_144, { failureClass: "out_of_memory_load" });
    expect(purposes([rejected, failed])).toEqual([]);
  });

  it("take the faster of what succeeds, and what fails often only when nothing else is there", () => {
    const flaky = [at(65_536, { decode: [90] }, 64), at(65_536, { failureClass: "runner_crashed" }, 64)];
    const tier = presets([...flaky, at(65_536, { decode: [20] }), at(65_536, { decode: [30] }, 128)]);
    expect(tier.get("extreme_64k")?.configuration?.numBatch).toBe(128);
    expect(tier.get("extreme_64k")?.runnerUp?.whyItLost).toBe(
      "20.0 tokens/s, screened only, 1/1 runs, against 30.0 tokens/s, screened only, 1/1 runs",
    );
    const alone = presets(flaky).get("extreme_64k");
    expect(alone?.warnings.slice(0, 2)).toEqual([
      "extreme: not proven stable (1/2, at least 3 % (95 % conf.)); expect failures, and rest nothing important on it.",
      "1 of 2 runs did not succeed (runner_crashed).",
    ]);
  });

  it("are not extreme where production grade is proven, even beside something faster", () => {
    const proven = at(65_536, { purpose: Purpose.CONFIRM, decode: many(59) });
    const faster = at(65_536, { purpose: Purpose.CONFIRM, decode: [90, 91, 90, 92, 91, 90] }, 128);
    const preset = presets([proven, faster]).get("extreme_64k");
    expect(preset?.configuration?.numBatch).toBe(512);
    expect(preset?.extremeTier?.proven).toBe(true);
    expect(preset?.status).toBe("production");
    expect(preset?.warnings[0]).toBe(
      "Proven stable (59/59, at least 95.0 % (95 % conf.)): large, but not extreme.",
    );
    const short = at(65_536, { purpose: Purpose.CONFIRM, decode: many(58) });
    expect(presets([short]).get("extreme_64k")?.extremeTier?.proven).toBe(false);
  });

  it("say what was needed of the memory, and that it is not known where nothing tells", () => {
    const memory = { availableBytes: 64n << 30n, peakPssBytes: 48n << 30n };
    const needs = (result: TrialResult) => presets([result]).get("extreme_64k")?.extremeTier?.requirements;
    const [ram, room, wait] = needs(at(65_536, { memory })) ?? [];
    expect(ram).toMatchObject({ kind: "ram", usedBytes: 48n << 30n, ofBytes: 64n << 30n });
    expect(ram?.words).toBe(
      "RAM: 48.0 GiB at the peak, of 64.0 GiB available before the load (75 %, stress medium).",
    );
    expect(room?.words).toContain("a prompt of at most 65464 tokens fits beside it");
    expect(wait?.words).toContain("59.0 s until the first token");
    expect(needs(at(65_536))?.[0]).toMatchObject({ words: "RAM: not known, the machine does not tell." });
  });

  it("name the server settings that the configuration rests on, as a need and as a step", () => {
    const values = { numCtx: 65_536, numBatch: 512, numPredict: 64, kvCacheType: "q8_0" };
    const quantized = configuration({ ...values, flashAttention: "on", concurrency: 2 });
    const result = at(65_536, { configuration: quantized, decode: [20, 20] });
    result.rounds = [create(RoundSchema, { round: 0, requests: 2, decodeTokensPerSecond: 35 })];
    const tier = presets([result]).get("extreme_64k")?.extremeTier;
    const needs = tier?.requirements.filter(({ kind }) => kind === "server_setting");
    expect(needs?.map(({ words }) => words)).toEqual([
      "Server setting: OLLAMA_FLASH_ATTENTION=1.",
      "Server setting: OLLAMA_KV_CACHE_TYPE=q8_0.",
      "Server setting: OLLAMA_NUM_PARALLEL=2.",
    ]);
    expect(tier?.manualOverride.join(" ")).toContain(
      "OLLAMA_FLASH_ATTENTION=1 OLLAMA_KV_CACHE_TYPE=q8_0 OLLAMA_NUM_PARALLEL=2",
    );
  });

  it("lead down to the nearest clean context, the largest proven one and the default, as words and as data", () => {
    const proven = at(16_384, { purpose: Purpose.CONFIRM, decode: many(59) });
    const tier = presets([at(131_072), at(65_536), proven]).get("extreme_128k")?.extremeTier;
    const [stop, ...steps] = tier?.recovery ?? [];
    expect(stop?.words).toContain("ollama stop");
    expect(steps.map(({ configuration: set, proven: safe }) => [set?.numCtx, safe])).toEqual([
      [65_536, false],
      [16_384, true],
      [4_096, false],
    ]);
    expect(steps[1]?.words).toContain("proven stable: 59/59, at least 95.0 % (95 % conf.)");
    const without = presets([at(131_072)]).get("extreme_128k")?.extremeTier?.recovery;
    expect(without?.map(({ words }) => words).join(" ")).toContain("No smaller context is proven stable");
  });

  it("give the same bytes for the same results in any order", () => {
    const results = [
      madeResult({ trialId: "t-0" }),
      at(131_072, { failureClass: "runner_crashed" }),
      at(131_072, { decode: [9] }),
      at(131_072, { decode: [9] }, 256),
      at(65_536, { decode: [20], purpose: Purpose.CONFIRM }),
      at(65_536, { decode: [20], purpose: Purpose.CONFIRM }, 256),
      at(32_768, { decode: [30] }),
    ];
    const bytes = (all: readonly TrialResult[]) =>
      choosePresets(all, [madeDefault()]).map((preset) =>
        Buffer.from(toBinary(PresetSchema, preset)).toString("hex"),
      );
    const expected = bytes(results);
    expect(expected.length).toBe(5);
    fc.assert(
      fc.property(fc.shuffledSubarray(results, { minLength: results.length }), (shuffled) => {
        expect(bytes(shuffled)).toEqual(expected);
      }),
    );
  });
});
