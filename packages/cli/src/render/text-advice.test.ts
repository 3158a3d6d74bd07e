import { Provenance } from "@ozone/proto/machine";
import type { ModelAdvice } from "@ozone/shared/model-advice";
import { describe, expect, it } from "vitest";
import { MACHINE } from "../../test/sample-report.ts";
import { adviceDocument, adviceText } from "./text-advice.ts";

const GIB = 1024 ** 3;
const base: Omit<ModelAdvice, "speed"> = {
  modelName: "qwen3:8b",
  modelDigest: "sha256:0",
  quantization: "Q4_K_M",
  weightBytes: 5 * GIB,
  provenance: Provenance.MEASURED,
  room: { word: "fits", numCtx: 8192, needBytes: 6 * GIB, ofBytes: 32 * GIB },
};
const MODELS: readonly ModelAdvice[] = [
  {
    ...base,
    speed: {
      basis: "measured",
      numCtx: 8192,
      decode: { median: 12.34, ciLow: 12, ciHigh: 12.7, n: 6, method: "order-statistics" },
      ttft: null,
      status: "production",
      staleBecause: ["m-1 runs ollama 0.24.0 now."],
      onThisMachine: false,
    },
  },
  {
    ...base,
    modelName: "qwen3:8b\u001b[31m-q8",
    speed: {
      basis: "predicted",
      tokensPerSecond: 6.1,
      low: 4.2,
      high: 8.9,
      numCtx: 8192,
      fromModel: "qwen3:8b",
      fromSamples: 6,
      bytesRatio: 2.02,
      checkedOn: 0,
    },
  },
  {
    ...base,
    modelName: "moe",
    room: { word: "unknown", numCtx: 8192, needBytes: null, ofBytes: null },
    speed: { basis: "unknown", reason: "It reads only some of its weights." },
  },
];

describe("advice as text", () => {
  const text = adviceText(MACHINE, "balanced", MODELS);

  it("shows measured figures with n and interval, predictions with a range and the word, and unknown", () => {
    expect(text).toMatch(
      /^qwen3:8b .*fits: 6\.0 GiB of 32\.0 GiB at 8192 +measured, production, stale .*12\.3 t\/s \[12\.0, 12\.7\], n 6 +not measured/m,
    );
    expect(text).toMatch(/^qwen3:8b-q8 .* predicted +8192 +about 6\.10 t\/s \(4\.20 to 8\.90\) +unknown/m);
    expect(text).toMatch(/^moe .* unknown +unknown +- +unknown +unknown/m);
  });

  it("explains each prediction, each unknown and what is stale or from elsewhere", () => {
    const flat = text.replaceAll("\n", " ");
    expect(flat).toContain(
      "predicted, not measured: it reads 2.02 times the bytes of qwen3:8b (n 6) for each token",
    );
    expect(flat).toContain("moe: unknown. It reads only some of its weights.");
    expect(flat).toContain("stale. m-1 runs ollama 0.24.0 now.");
    expect(flat).toContain("measured on another machine of this class");
  });

  it("never speaks of quality but to say that it says nothing of it, in JSON too", () => {
    expect(text).toContain("says nothing about the quality of answers");
    const document = adviceDocument(MACHINE, "balanced", MODELS);
    expect(document.covers).toContain("says nothing about the quality of answers");
    expect(JSON.parse(JSON.stringify(document)).models[0]).toMatchObject({ provenance: "measured" });
  });

  it("says that numbers are synthetic, and that there is no model", () => {
    const synthetic = MODELS.map((model) => ({ ...model, provenance: Provenance.SYNTHETIC }));
    expect(adviceText(MACHINE, "balanced", synthetic)).toContain(
      "Synthetic: real timings of a synthetic model",
    );
    expect(text).not.toContain("Synthetic");
    expect(adviceText(MACHINE, "balanced", [])).toMatch(/ has no model installed\.\n$/);
  });
});
