import { configuration } from "@ozone/shared/configuration";
import { describe, expect, it } from "vitest";
import { modelDetailsOf } from "../../ollama/model-details.ts";
import type { OptionProbe, OptionProbes } from "../option-probes.ts";
import type { AttemptFacts } from "./facts.ts";
import { kvTypeEffective, optionsEffective } from "./options-checks.ts";
import { attempt, evidence, loadedModel, sampleOf } from "./sample-material.ts";

const sample = sampleOf(evidence());
const hidden = { ...loadedModel, effective: null };
const loads = (state: typeof loadedModel) => [{ launch: 0, clientMs: 900, serverMs: 800, state }];

const probe = (change: Partial<OptionProbe>): OptionProbe => ({
  option: "num_batch",
  from: 512,
  to: 256,
  reloaded: true,
  noticed: true,
  loadMs: 300,
  sizeBefore: 1000,
  sizeAfter: 900,
  ...change,
});

const tried = (probes: readonly OptionProbe[], skipped: string | null = null): Partial<AttemptFacts> => ({
  loads: loads(hidden as typeof loadedModel),
  optionProbes: { probes, skipped } satisfies OptionProbes,
});

const control = probe({ option: "num_ctx", from: 2048, to: 1024 });

const unnoticed = probe({ noticed: false, reloaded: false });

/** A server that loads again for another num_ctx, but not for another num_batch. */
const ignoring = (numBatch: number): Partial<AttemptFacts> => ({
  ...tried([{ ...unnoticed, from: numBatch, to: numBatch / 2 }, control]),
  configuration: configuration({ numCtx: 2048, numBatch, numPredict: 64 }),
});

describe("options_effective", () => {
  it("passes what the server shows to be in force, and fails another value", () => {
    expect(optionsEffective(sample, attempt([sample])).passed).toBe(true);
    const other = { ...loadedModel, effective: { num_batch: 256 } };
    expect(
      optionsEffective(sample, attempt([sample], { loads: loads(other as typeof loadedModel) })).passed,
    ).toBe(false);
  });

  it("takes a num_batch above num_ctx for num_ctx", () => {
    const point = configuration({ numCtx: 2048, numBatch: 4096, numPredict: 64 });
    const shown = { ...loadedModel, effective: { num_batch: 2048 } };
    const facts = attempt([sample], { configuration: point, loads: loads(shown as typeof loadedModel) });
    expect(optionsEffective(sample, facts).passed).toBe(true);
  });

  it("judges by reactions where nothing is shown", () => {
    expect(optionsEffective(sample, attempt([sample], tried([probe({}), control]))).passed).toBe(true);
    expect(optionsEffective(sample, attempt([sample], ignoring(256)))).toMatchObject({ passed: false });
  });

  it("does not blame a server that ignores the num_batch it uses anyway", () => {
    expect(optionsEffective(sample, attempt([sample], ignoring(512)))).not.toHaveProperty("passed");
  });

  it("does not take a size that follows num_ctx for a load that can be seen", () => {
    const { configuration: point } = ignoring(256);
    const resized = tried([
      probe({ from: 256, to: 128, noticed: false, reloaded: false }),
      { ...control, reloaded: false },
    ]);
    const facts = attempt([sample], { ...resized, ...(point === undefined ? {} : { configuration: point }) });
    expect(optionsEffective(sample, facts)).not.toHaveProperty("passed");
  });

  it("does not conclude anything from a server that shows no reaction at all", () => {
    const deaf = tried([unnoticed, { ...control, noticed: false, reloaded: false }]);
    expect(optionsEffective(sample, attempt([sample], deaf))).not.toHaveProperty("passed");
  });

  it("is unknown with the reason when nothing was tried", () => {
    const finding = optionsEffective(sample, attempt([sample], tried([], "loads are slow")));
    expect(finding).not.toHaveProperty("passed");
    expect(finding.detail).toContain("loads are slow");
  });

  it("sees num_gpu 0 by what is on the GPU", () => {
    const point = configuration({ numCtx: 2048, numBatch: 512, numPredict: 64, numGpu: 0 });
    const onGpu = { ...loadedModel, sizeVramBytes: 5 };
    expect(optionsEffective(sample, attempt([sample], { configuration: point })).passed).toBe(true);
    const facts = attempt([sample], { configuration: point, loads: loads(onGpu) });
    expect(optionsEffective(sample, facts).passed).toBe(false);
  });

  it("fails a num_gpu that leaves the GPU empty", () => {
    const asked = (numGpu: number) => configuration({ numCtx: 2048, numBatch: 512, numPredict: 64, numGpu });
    const onCpu = attempt([sample], { ...tried([probe({}), control]), configuration: asked(8) });
    expect(optionsEffective(sample, onCpu).passed).toBe(false);
  });
});

describe("kv_type_effective", () => {
  const architecture = {
    "general.architecture": "llama",
    "llama.block_count": 2,
    "llama.embedding_length": 128,
    "llama.attention.head_count": 4,
    "llama.attention.head_count_kv": 2,
  };
  const details = modelDetailsOf({ model_info: architecture }, { family: "llama", sizeBytes: 1 });
  const bytesPerToken = 2 * 2 * 32 * 2;
  const asking = (kvCacheType: string, elementBytes: number): AttemptFacts =>
    attempt([sample], {
      ...tried([
        {
          ...control,
          sizeBefore: 5000 + 2048 * bytesPerToken * elementBytes,
          sizeAfter: 5000 + 1024 * bytesPerToken * elementBytes,
        },
      ]),
      details,
      configuration: configuration({ numCtx: 2048, numBatch: 512, numPredict: 64, kvCacheType }),
    });

  it("is read where the server shows it", () => {
    expect(kvTypeEffective(sample, attempt([sample])).passed).toBe(true);
  });

  it("is concluded from how the size follows the context", () => {
    expect(kvTypeEffective(sample, asking("f16", 2)).passed).toBe(true);
    expect(kvTypeEffective(sample, asking("q8_0", 34 / 32)).passed).toBe(true);
    expect(kvTypeEffective(sample, asking("q8_0", 2)).passed).toBe(false);
    expect(kvTypeEffective(sample, asking("q4_0", 18 / 32)).passed).toBe(true);
  });

  it("is unknown when the growth fits no type", () => {
    expect(kvTypeEffective(sample, asking("q8_0", 1.5))).not.toHaveProperty("passed");
    expect(kvTypeEffective(sample, asking("f16", 0))).not.toHaveProperty("passed");
  });
});
