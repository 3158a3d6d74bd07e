// What `ozone-agent apply` and `rollback` print: one JSON document, whatever came of it.
import { toJson } from "@bufbuild/protobuf";
import type { Provenance } from "@ozone/proto/machine";
import { FiguresSchema, GainSchema } from "@ozone/proto/preset";
import type { Sample } from "@ozone/proto/trial";
import { OzoneError } from "@ozone/shared/errors";
import { TrialFailure } from "@ozone/shared/failure";
import { figures } from "@ozone/shared/figures";
import { PROVENANCE_WORDS } from "@ozone/shared/provenance";
import type { ApplyOutcome } from "./apply-preset.ts";

/** Exit codes of both commands. */
export const EXIT = { done: 0, failure: 1, usage: 2, noGain: 3 } as const;

/** The document of an application that was measured. */
export function applyDocument(outcome: ApplyOutcome, provenance: Provenance) {
  const { evidence, promised, ...rest } = outcome;
  return {
    ...rest,
    because: evidence.because,
    promised: promised.map((gain) => toJson(GainSchema, gain)),
    measured: evidence.gains.map((gain) => toJson(GainSchema, gain)),
    figures: { derived: figuresJson(evidence.derived), default: figuresJson(evidence.base) },
    samples: {
      derived: evidence.derived.length,
      default: evidence.base.length,
      refused: evidence.refused,
      refusedBecause: evidence.refusedBecause,
      contended: evidence.contended,
    },
    provenance: PROVENANCE_WORDS[provenance],
  };
}

const figuresJson = (samples: readonly Sample[]) =>
  samples.length === 0 ? null : toJson(FiguresSchema, figures(samples, []));

/** The document of anything that was thrown, with its exit code. */
export function errorDocument(thrown: unknown) {
  const error = asError(thrown);
  const { code, message } = error;
  return {
    exitCode: code === "invalid_input" ? EXIT.usage : EXIT.failure,
    document: { error: { code, message } },
  };
}

function asError(thrown: unknown): OzoneError {
  if (!(thrown instanceof TrialFailure)) return OzoneError.from(thrown);
  const code = thrown.failureClass === "cancelled" ? "cancelled" : "unavailable";
  return new OzoneError(code, thrown.message, { cause: thrown });
}
