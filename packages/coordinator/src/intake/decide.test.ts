import { ReceiptOutcome } from "@ozone/proto/trial";
import { describe, expect, it } from "vitest";
import { madeResult } from "../testing/made-results.ts";
import { decideIntake, type LockedTrial } from "./decide.ts";

const trial = (change: Partial<LockedTrial> = {}): LockedTrial => ({
  machineId: "m-1",
  state: "running",
  attempt: 1,
  failedAttempts: 0,
  ...change,
});

describe("deciding about a result that arrived", () => {
  it("stores the result of the newest attempt and ends the trial", () => {
    expect(decideIntake(trial(), madeResult(), false)).toEqual({
      outcome: ReceiptOutcome.STORED,
      state: "done",
      failedAttempts: 0,
      failure: null,
    });
  });

  it("refuses a result for a trial that does not exist", () => {
    expect(decideIntake(null, madeResult(), false).outcome).toBe(ReceiptOutcome.REFUSED);
  });

  it("refuses a result of a machine that the trial does not belong to", () => {
    expect(decideIntake(trial({ machineId: "m-2" }), madeResult(), false).outcome).toBe(
      ReceiptOutcome.REFUSED,
    );
  });

  it("calls a result that is stored already a duplicate, also after its trial has ended", () => {
    expect(decideIntake(trial({ state: "done" }), madeResult(), true).outcome).toBe(ReceiptOutcome.DUPLICATE);
  });

  it("fences an attempt whose trial was given to a later one", () => {
    expect(decideIntake(trial({ attempt: 2 }), madeResult({ attempt: 1 }), false).outcome).toBe(
      ReceiptOutcome.STALE,
    );
  });

  it("takes a late result while nobody else has the trial, although its lease ran out", () => {
    expect(decideIntake(trial({ state: "planned" }), madeResult(), false)).toMatchObject({
      outcome: ReceiptOutcome.STORED,
      state: "done",
    });
  });

  it("does not count a result of a cancelled trial", () => {
    expect(decideIntake(trial({ state: "cancelled" }), madeResult(), false).outcome).toBe(
      ReceiptOutcome.STALE,
    );
  });

  it("plans a trial again whose first attempt crashed, and gives it up after the second", () => {
    const crashed = madeResult({ failureClass: "runner_crashed" });
    expect(decideIntake(trial(), crashed, false)).toMatchObject({ state: "planned", failedAttempts: 1 });
    expect(decideIntake(trial({ failedAttempts: 1 }), crashed, false)).toMatchObject({
      state: "failed",
      failedAttempts: 2,
    });
  });

  it("gives a trial up at once when another attempt could not end otherwise", () => {
    const decision = decideIntake(trial(), madeResult({ failureClass: "out_of_memory_load" }), false);
    expect(decision).toMatchObject({ state: "failed", failure: { failureClass: "out_of_memory_load" } });
  });
});
