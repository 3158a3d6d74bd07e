import { configuration } from "@ozone/shared/configuration";
import { describe, expect, it } from "vitest";
import type { LoggedSettings } from "../ports.ts";
import { kvTypeEffective, optionsEffective } from "./options-checks.ts";
import { attempt, evidence, loadedModel, sampleOf } from "./sample-material.ts";

const sample = sampleOf(evidence());
const silent: LoggedSettings = { kvCacheType: null, flashAttention: null, parallel: null, complaint: null };

/** A server that shows num_batch and nothing else, and what its log says. */
const facts = (point: object, logged: Partial<LoggedSettings> | null) =>
  attempt([sample], {
    configuration: configuration({ numCtx: 2048, numBatch: 512, numPredict: 64, ...point }),
    loads: [
      { launch: 0, clientMs: 900, serverMs: 800, state: { ...loadedModel, effective: { num_batch: 512 } } },
    ],
    logged: logged === null ? null : { ...silent, ...logged },
  });

describe("the settings of a managed server", () => {
  it("are in force when its log says so", () => {
    const asked = { kvCacheType: "q8_0", flashAttention: "on", concurrency: 2 };
    const logged = { kvCacheType: "q8_0", flashAttention: true, parallel: 2 };
    expect(kvTypeEffective(sample, facts(asked, logged))).toMatchObject({ passed: true });
    const options = optionsEffective(sample, facts(asked, logged));
    expect(options).toMatchObject({ passed: true });
    expect(options.detail).toContain("flash_attention on in force; num_parallel 2 in force");
  });

  it("are refused when it fell back, with its own reason", () => {
    const logged = { kvCacheType: "f16", complaint: "kv cache type not supported by model (q4_0)" };
    const finding = kvTypeEffective(sample, facts({ kvCacheType: "q4_0" }, logged));
    expect(finding).toMatchObject({ passed: false });
    expect(finding.detail).toMatch(
      /q4_0 was asked for, but the server fell back to f16.*not supported by model/,
    );
  });

  it.each([
    [{ flashAttention: "on" }, { flashAttention: false }, "flash_attention is off, on was set"],
    [{ concurrency: 4 }, { parallel: 1 }, "num_parallel is 1, 4 was set"],
  ])("are refused when they are not in force: %j", (asked, logged, words) => {
    const finding = optionsEffective(sample, facts(asked, logged));
    expect(finding).toMatchObject({ passed: false });
    expect(finding.detail).toContain(words);
  });

  it("are unknown when neither the server nor its log tells", () => {
    expect(kvTypeEffective(sample, facts({ kvCacheType: "q8_0" }, {}))).not.toHaveProperty("passed");
    expect(optionsEffective(sample, facts({ flashAttention: "on" }, {}))).not.toHaveProperty("passed");
    expect(optionsEffective(sample, facts({ concurrency: 2 }, {}))).not.toHaveProperty("passed");
  });

  it("are not asked of a server of somebody else: how many slots it has is its own affair", () => {
    expect(optionsEffective(sample, facts({ concurrency: 2 }, null))).toMatchObject({ passed: true });
  });
});
