// Where a number comes from: measured, synthetic and simulated never mix, and every output says which it is.
import { EngineKind, Provenance } from "@ozone/proto/machine";

/** Words for people and files. */
export const PROVENANCE_WORDS: Readonly<Record<Provenance, string>> = {
  [Provenance.UNSPECIFIED]: "unknown",
  [Provenance.MEASURED]: "measured",
  [Provenance.SYNTHETIC]: "synthetic",
  [Provenance.SIMULATED]: "simulated",
};

/** One sentence per provenance, to print beside the numbers; empty for what was measured on a real model. */
export const PROVENANCE_NOTICE: Readonly<Record<Provenance, string>> = {
  [Provenance.UNSPECIFIED]: "The origin of these numbers is unknown.",
  [Provenance.MEASURED]: "",
  [Provenance.SYNTHETIC]:
    "Synthetic: real timings of a synthetic model (random weights, meaningless text); not a result about any real model.",
  [Provenance.SIMULATED]: "Simulated: no inference took place.",
};

/** The reference engine or a synthetic model makes timings real and text meaningless: synthetic. */
export function provenanceOf(engine: EngineKind, syntheticModel: boolean): Provenance {
  return engine === EngineKind.OLLAMA && !syntheticModel ? Provenance.MEASURED : Provenance.SYNTHETIC;
}

/** "ollama", "reference engine". */
export const engineKindWords = (kind: EngineKind): string =>
  kind === EngineKind.OLLAMA ? "ollama" : kind === EngineKind.REFERENCE ? "reference" : "unknown";
