// What came of an order, in the form in which it is said to the coordinator. Pure but for the clock.
import { create } from "@bufbuild/protobuf";
import { timestampNow } from "@bufbuild/protobuf/wkt";
import {
  ApplyingAction,
  type ApplyingOrder,
  type ApplyingOutcome,
  ApplyingOutcomeSchema,
} from "@ozone/proto/applying";
import { Provenance } from "@ozone/proto/machine";
import type { ApplyOutcome } from "./apply-preset.ts";
import type { RollBackOutcome } from "./roll-back.ts";

const named = ({ orderId, name }: Pick<ApplyingOrder, "orderId" | "name">) => ({
  orderId,
  name,
  endedAt: timestampNow(),
});

/** Of an application that was measured. */
export function measuredOutcome(order: ApplyingOrder, done: ApplyOutcome): ApplyingOutcome {
  const { outcome, name, digest, backupName, promised, evidence } = done;
  return create(ApplyingOutcomeSchema, {
    ...named(order),
    ...{ outcome, name, digest: digest ?? "", backupName: backupName ?? "" },
    promised: [...promised],
    measured: [...evidence.gains],
    samplesDerived: evidence.derived.length,
    samplesDefault: evidence.base.length,
    because: [...evidence.because],
    provenance: order.preset?.provenance ?? Provenance.UNSPECIFIED,
  });
}

/** Of a roll-back that was done. */
export const rolledBackOutcome = (
  order: ApplyingOrder,
  { restored, name }: RollBackOutcome,
): ApplyingOutcome =>
  create(ApplyingOutcomeSchema, {
    ...named(order),
    outcome: "rolled back",
    name,
    digest: restored ?? "",
    because: [restored === null ? "The name is free again." : "What had the name before has it again."],
  });

/** Of an order that came to nothing. */
export const failedOutcome = (
  order: Pick<ApplyingOrder, "orderId" | "name"> & Partial<ApplyingOrder>,
  why: string,
): ApplyingOutcome =>
  create(ApplyingOutcomeSchema, {
    ...named(order),
    outcome: order.action === ApplyingAction.ROLL_BACK ? "not rolled back" : "not applied",
    because: [why],
    provenance: order.preset?.provenance ?? Provenance.UNSPECIFIED,
  });

/** Of an order that was withdrawn before anything was done for it. */
export const withdrawnOutcome = (orderId: string): ApplyingOutcome =>
  failedOutcome({ orderId, name: "" }, "It was withdrawn before it began.");
