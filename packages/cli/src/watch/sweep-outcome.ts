// Whether a sweep that has ended gave anything. Pure.
import { SweepState } from "@ozone/proto/sweep";
import { OzoneError } from "@ozone/shared/errors";
import { cleanText } from "../render/clean-text.ts";
import type { FollowedSweep } from "./follow-sweep.ts";

/** Null when it ended well, else the error with its reason. */
export function sweepProblem({ sweep, usableSamples }: FollowedSweep): OzoneError | null {
  const reasons = sweep.notes.map((note) => cleanText(note).replace(/\.$/, "")).join("; ");
  const because = reasons === "" ? "" : `: ${reasons}`;
  const hint = `see \`ozone sweep show ${sweep.id}\``;
  if (sweep.state === SweepState.CANCELLED) {
    return new OzoneError(
      "cancelled",
      `Sweep ${sweep.id} was cancelled; what was measured is kept (${hint}).`,
    );
  }
  if (sweep.state === SweepState.FAILED) {
    return new OzoneError("internal", `Sweep ${sweep.id} failed${because}; ${hint}.`);
  }
  if (usableSamples === 0) {
    return new OzoneError("internal", `Sweep ${sweep.id} measured nothing that counts${because}; ${hint}.`);
  }
  return null;
}
