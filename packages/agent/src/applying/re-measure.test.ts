// In which order is measured again, and what follows from results that tests made up (simulated).
import { create } from "@bufbuild/protobuf";
import type { Preset } from "@ozone/proto/preset";
import { CheckSchema, FailureSchema, type TrialResult } from "@ozone/proto/trial";
import type { FailureClass } from "@ozone/shared/failure";
import { describe, expect, it } from "vitest";
import { launchOf, presetFor, ttftGain } from "./preset-material.ts";
import { reMeasure, type Side } from "./re-measure.ts";

const derived = { name: "trial", digest: "d".repeat(64) };
const presetOf = (change: Partial<Preset> = {}) =>
  presetFor({ version: "1", digest: "e".repeat(64) }, change);

async function measured(preset: Preset, launch: (side: Side, index: number) => TrialResult) {
  const order: string[] = [];
  const evidence = await reMeasure({
    preset,
    derived,
    measure: async (side) => launch(side, order.push(side.optionsInModel ? "derived" : "default") - 1),
  });
  return { order, ...evidence };
}

const failed = (side: Side, failureClass: FailureClass): TrialResult => ({
  ...launchOf(side, 100),
  samples: [],
  failure: create(FailureSchema, { failureClass, message: "it failed." }),
});

const refused = (result: TrialResult): TrialResult => ({
  ...result,
  samples: result.samples.map((sample) => ({
    ...sample,
    valid: false,
    checks: [create(CheckSchema, { code: "clocks_agree", passed: false, detail: "late" })],
  })),
});

describe("measuring again", () => {
  it("takes turns, so that a drift meets both alike, and stops when it can tell", async () => {
    const faster = await measured(presetOf(), (side) => launchOf(side, side.optionsInModel ? 80 : 100));
    expect(faster).toMatchObject({ decision: "keep", order: ["default", "derived", "derived", "default"] });
    expect([faster.derived.length, faster.base.length]).toEqual([6, 6]);
  });

  it("measures as much again, the other way round, when it can't tell, and then has shown no gain", async () => {
    const { decision, order, because } = await measured(presetOf({ gains: [ttftGain(1)] }), (side, index) =>
      launchOf(side, side.optionsInModel ? 100 : [0, 5].includes(index) ? 90 : 110),
    );
    expect(order.slice(4)).toEqual(["derived", "default", "default", "derived"]);
    expect(decision).toBe("undecided");
    expect(because.join()).toContain("no gain was shown");
  });

  it("does not call a steady drift a gain", async () => {
    const drifting = await measured(presetOf({ gains: [ttftGain(1)] }), (side, index) =>
      launchOf(side, 100 - 5 * index),
    );
    expect(drifting.decision).toBe("undecided");
  });

  it("rolls back a model that can't be run, and blames it for nothing that is not its own", async () => {
    const preset = presetOf();
    const broken = (failureClass: FailureClass, whose: boolean) =>
      measured(preset, (side) =>
        side.optionsInModel === whose ? failed(side, failureClass) : launchOf(side, 100),
      );
    expect(await broken("out_of_memory_load", true)).toMatchObject({
      decision: "roll back",
      because: ["The derived model could not be measured (out_of_memory_load): it failed."],
    });
    await expect(broken("server_unreachable", true)).rejects.toMatchObject({ code: "unavailable" });
    await expect(broken("cancelled", true)).rejects.toMatchObject({ code: "cancelled" });
    await expect(broken("out_of_memory_load", false)).rejects.toThrow("The default configuration could not");
  });

  it("counts what was refused, and tells nothing from too few samples", async () => {
    const {
      decision,
      refused: count,
      refusedBecause,
    } = await measured(presetOf(), (side) =>
      side.optionsInModel ? refused(launchOf(side, 50)) : launchOf(side, 100),
    );
    expect([decision, count, refusedBecause]).toEqual(["undecided", 12, ["clocks_agree: late"]]);
  });
});

describe("a preset that promises room", () => {
  const roomy = presetOf({ purpose: "max_context", gains: [] });

  it("is kept when every sample filled it, however slow it is", async () => {
    const { decision, because } = await measured(roomy, (side) =>
      launchOf(side, side.optionsInModel ? 900 : 100),
    );
    expect([decision, because]).toEqual(["keep", ["num_ctx 1024 was filled 6 of 6 times."]]);
  });

  it("needs no default to be compared with", async () => {
    const { defaultConfiguration: _default, ...bare } = roomy;
    const { decision, order } = await measured(bare, (side) => launchOf(side, 100));
    expect([decision, order]).toEqual(["keep", ["derived", "derived"]]);
  });

  it("is rolled back when one launch did not fill it, or a sample failed a check", async () => {
    const half = (side: Side, index: number): TrialResult => {
      const result = launchOf(side, 100);
      return index === 2 ? refused(result) : result;
    };
    const { decision, because } = await measured(roomy, half);
    expect([decision, because.join()]).toEqual([
      "roll back",
      expect.stringContaining("3 of 6 samples filled it"),
    ]);
    const unfilled = await measured(roomy, (side) => {
      const result = launchOf(side, 100);
      return result.context === undefined
        ? result
        : { ...result, context: { ...result.context, filled: false } };
    });
    expect(unfilled.decision).toBe("roll back");
  });
});
