// `ozone preset apply` and `rollback` through the built bundle, with stand-ins for the coordinator and the agent.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type FakeInstallation, installFakes } from "../../test/fake-installation.ts";
import { MODEL, PRESETS, preset } from "../../test/sample-report.ts";
import { presetId } from "../presets/preset-id.ts";

let fakes: FakeInstallation;

beforeAll(async () => {
  fakes = await installFakes();
  expect((await fakes.ozone(["up", "--json"])).code).toBe(0);
});
afterAll(() => fakes.remove());

const gain = { metric: "ttft_ms", ratio: 0.8, ciLow: 0.75, ciHigh: 0.85, verdict: "better" };
const figures = { ttftMs: { median: 800, ciLow: 790, ciHigh: 820, n: 6, method: "order-statistics" } };
const applied = (outcome: "kept" | "rolled back") => ({
  outcome,
  name: `${MODEL}-ozone-balanced`,
  baseName: MODEL,
  parameters: { num_ctx: 8192 },
  digest: outcome === "kept" ? "d".repeat(64) : null,
  backupName: null,
  because: ["time to first token: not contradicted."],
  promised: [gain],
  measured: [gain],
  figures: { derived: figures, default: null },
  samples: { derived: 6, default: 6, refused: 1, refusedBecause: ["clocks_agree: no"], contended: 2 },
  provenance: "synthetic",
});

const ozone = (words: readonly string[], exitCode = 0, document: unknown = applied("kept")) =>
  fakes.ozone(["preset", ...words], { env: { FAKE_APPLIED: JSON.stringify({ exitCode, document }) } });
const asked = () => {
  const { words, input } = JSON.parse(readFileSync(join(fakes.data, "asked.json"), "utf8"));
  return { words, request: input === "" ? null : JSON.parse(input) };
};
const BALANCED = ["apply", presetId(PRESETS.find(({ purpose }) => purpose === "balanced") ?? preset({}))];

/** Texts are wrapped for a terminal. */
const onOneLine = (text: string): string => text.replace(/\s+/g, " ");

describe("ozone preset apply", () => {
  it("shows what will be done, hands the preset to the agent, and says what came of it", async () => {
    const { code, stdout, stderr } = await ozone([...BALANCED, "--yes", "--replace"]);
    expect(onOneLine(stderr)).toContain(`the model ${MODEL}-ozone-balanced on http`);
    expect(stderr).toContain("num_ctx 8192, num_batch 512, num_thread 1");
    expect(stderr).not.toContain("num_predict");
    expect(stderr).toContain("looking at the machine");
    expect(asked()).toMatchObject({
      words: ["apply"],
      request: {
        preset: { purpose: "balanced", modelName: MODEL },
        as: `${MODEL}-ozone-balanced`,
        replace: true,
        despiteChanges: false,
        allowBattery: false,
      },
    });
    expect(code).toBe(0);
    expect(stdout).toContain(`Kept: ${MODEL}-ozone-balanced is there now (synthetic)`);
    expect(onOneLine(stdout)).toContain("time to first token: 0.80 times the default's [0.75, 0.85], better");
    expect(onOneLine(stdout)).toContain("6 and 6; 1 refused, 2 of 12 while others used the machine");
  });

  it("ends with 3 and one document when the promise was not kept", async () => {
    const { code, stdout } = await ozone([...BALANCED, "--yes", "--json"], 3, applied("rolled back"));
    expect([code, JSON.parse(stdout)]).toEqual([3, applied("rolled back")]);
  });

  it("does nothing without a yes, in one sentence and with 2, when nobody can be asked", async () => {
    await ozone(["rollback", "marker"]);
    const { code, stderr } = await ozone(BALANCED);
    expect(code).toBe(2);
    expect(stderr).toContain("Nobody can be asked here");
    expect(asked().words).toEqual(["rollback", "marker"]);
  });

  it("wants one preset, and names the ids of several", async () => {
    const { code, stderr } = await ozone(["apply", MODEL, "--yes"]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/has several presets.*[0-9a-f]{8} \(fast_response, .*[0-9a-f]{8} \(balanced, /);
  });

  it("gives the agent's own sentence and code, once", async () => {
    const error = { code: "unavailable", message: "The preset is for other hardware." };
    const { code, stderr, stdout } = await ozone([...BALANCED, "--yes", "--json"], 1, { error });
    expect([code, JSON.parse(stdout)]).toEqual([1, { error }]);
    expect(stderr.match(/for other hardware/g)).toHaveLength(1);
  });

  it("says so when the agent ends without an answer", async () => {
    const { code, stderr } = await ozone([...BALANCED, "--yes"], 1, null);
    expect(code).toBe(1);
    expect(stderr).toContain("ozone-agent ended without an answer (its last words: looking at the machine).");
  });
});

describe("ozone preset rollback", () => {
  it("says what the name is again", async () => {
    const document = { outcome: "rolled back", name: "mine:1", restored: "0123456789abcdef" };
    const { code, stdout } = await ozone(["rollback", "mine:1"], 0, document);
    expect(asked()).toEqual({ words: ["rollback", "mine:1"], request: null });
    expect([code, stdout]).toEqual([
      0,
      "Rolled back: mine:1 is what it was before, it has the digest 0123456789ab again.\n",
    ]);
  });
});
