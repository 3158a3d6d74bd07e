// The default configuration and the derived model, measured again on fresh launches, one beside the other: what drifts
// meanwhile meets both alike.
import type { Configuration } from "@ozone/proto/configuration";
import type { Gain, Preset } from "@ozone/proto/preset";
import type { Sample, TrialResult } from "@ozone/proto/trial";
import { OzoneError } from "@ozone/shared/errors";
import { gains } from "@ozone/shared/figures";
import { compareRates, type RateComparison } from "@ozone/shared/statistics/compare";
import { isMarked, usableSamples } from "@ozone/shared/usable-samples";
import { type Decision, keepOrRollBack } from "./keep-or-roll-back.ts";
import { promisesSpeed, worthOf } from "./worth.ts";

/** What one launch measures. */
export interface Side {
  readonly modelName: string;
  readonly modelDigest: string;
  readonly configuration: Configuration;
  /** The model carries the configuration; requests don't say it. */
  readonly optionsInModel: boolean;
}

/** One launch of one side with its samples; never throws for what goes wrong in a trial. */
export type MeasureLaunch = (side: Side) => Promise<TrialResult>;

/** What came of it. */
export interface Evidence extends Decision {
  /** Of the derived model over the default, from fresh samples. */
  readonly gains: readonly Gain[];
  readonly derived: readonly Sample[];
  readonly base: readonly Sample[];
  /** Samples that failed a check and were left out, and what failed. */
  readonly refused: number;
  readonly refusedBecause: readonly string[];
  /** Samples taken while others used the machine. */
  readonly contended: number;
}

/** What is to be compared. */
export interface Comparison {
  readonly preset: Preset;
  readonly derived: { readonly name: string; readonly digest: string };
  readonly measure: MeasureLaunch;
}

/** Launches of a round: a drift that goes one way meets both sides alike. A second round comes where one can't tell. */
const ROUNDS: readonly (readonly ("base" | "derived")[])[] = [
  ["base", "derived", "derived", "base"],
  ["derived", "base", "base", "derived"],
];

/** Fewer against as many admit no interval of 95 %. */
const SAMPLES_MIN = 4;

/** Failures that say nothing of the derived model. */
const NOT_THE_MODELS: ReadonlySet<string> = new Set([
  "cancelled",
  "internal",
  "on_battery",
  "protocol_error",
  "server_busy",
  "server_unreachable",
]);

/**
 * Measures until it is known whether the promise holds, two rounds at most.
 * @throws OzoneError when it can't be measured at all
 */
export async function reMeasure(comparison: Comparison): Promise<Evidence> {
  const { preset } = comparison;
  const results: Record<"base" | "derived", TrialResult[]> = { base: [], derived: [] };
  const hasBase = preset.defaultConfiguration !== undefined;
  let evidence: Evidence | null = null;
  for (const round of ROUNDS) {
    for (const which of round) {
      if (which === "base" && !hasBase) continue;
      const result = await comparison.measure(sideOf(comparison, which));
      results[which].push(result);
      const broken = whyBroken(result, which);
      if (broken !== null)
        return { ...evidenceOf(preset, results), decision: "roll back", because: [broken] };
    }
    evidence = evidenceOf(preset, results);
    if (evidence.decision !== "undecided") return evidence;
  }
  return evidence ?? evidenceOf(preset, results);
}

function sideOf({ preset, derived }: Comparison, which: "base" | "derived"): Side {
  const { configuration, defaultConfiguration, modelName, modelDigest } = preset;
  const point = which === "derived" ? configuration : defaultConfiguration;
  if (point === undefined) throw new OzoneError("invalid_input", "The preset has no configuration.");
  if (which === "base") return { modelName, modelDigest, configuration: point, optionsInModel: false };
  return { modelName: derived.name, modelDigest: derived.digest, configuration: point, optionsInModel: true };
}

/** A derived model that can't do what it promises is no error: it is rolled back. @throws OzoneError for all else */
function whyBroken({ failure }: TrialResult, which: "base" | "derived"): string | null {
  if (failure === undefined) return null;
  const { failureClass, message } = failure;
  if (which === "derived" && !NOT_THE_MODELS.has(failureClass)) {
    return `The derived model could not be measured (${failureClass}): ${message}`;
  }
  const whom = which === "derived" ? "The derived model" : "The default configuration";
  throw new OzoneError(
    failureClass === "cancelled" ? "cancelled" : "unavailable",
    `${whom} could not be measured (${failureClass}): ${message}`,
  );
}

function evidenceOf(
  preset: Preset,
  results: Readonly<Record<"base" | "derived", readonly TrialResult[]>>,
): Evidence {
  const [derived, base] = [results.derived, results.base].map((side) => side.flatMap(usableSamples)) as [
    Sample[],
    Sample[],
  ];
  const all = [...results.derived, ...results.base].flatMap(({ samples }) => samples);
  const measured = gains(derived, base);
  const counts = {
    refused: all.filter(({ valid }) => !valid).length,
    refusedBecause: [...new Set(all.flatMap(failedWords))],
    contended: [...derived, ...base].filter(isMarked).length,
  };
  const decision = promisesSpeed(preset.purpose)
    ? speedDecision(preset, { derived, base, gains: measured })
    : roomDecision(preset, results.derived);
  return { ...decision, gains: measured, derived, base, ...counts };
}

const failedWords = ({ valid, checks }: Sample): string[] =>
  valid ? [] : checks.flatMap(({ code, passed, detail }) => (passed === false ? [`${code}: ${detail}`] : []));

function speedDecision(
  preset: Preset,
  { derived, base, gains: measured }: Pick<Evidence, "derived" | "base" | "gains">,
): Decision {
  if (derived.length < SAMPLES_MIN || base.length < SAMPLES_MIN) {
    const because = `Only ${derived.length} and ${base.length} samples passed their checks, ${SAMPLES_MIN} of each are needed to tell.`;
    return { decision: "undecided", because: [because] };
  }
  return keepOrRollBack(preset.gains, { gains: measured, worth: worthOfSides(preset, { derived, base }) });
}

function worthOfSides(
  { purpose, configuration, defaultConfiguration }: Preset,
  { derived, base }: Pick<Evidence, "derived" | "base">,
): RateComparison {
  const values = (samples: readonly Sample[], numCtx: number): number[] =>
    samples.flatMap((sample) => worthOf(purpose, numCtx, sample) ?? []);
  return compareRates(
    values(derived, configuration?.numCtx ?? 0),
    values(base, defaultConfiguration?.numCtx ?? 0),
  );
}

/** Room is there when every sample filled the context; one that did not is no room to rely on. */
function roomDecision({ configuration }: Preset, derived: readonly TrialResult[]): Decision {
  const numCtx = configuration?.numCtx ?? 0;
  const samples = derived.flatMap((result) => result.samples);
  const unfilled = samples.filter(({ valid }) => !valid).length;
  const filled = derived.length > 0 && derived.every(({ context }) => context?.filled === true);
  if (filled && unfilled === 0) {
    return {
      decision: "keep",
      because: [`num_ctx ${numCtx} was filled ${samples.length} of ${samples.length} times.`],
    };
  }
  const worked = samples.length - unfilled;
  return {
    decision: "roll back",
    because: [
      `num_ctx ${numCtx} was promised, and ${worked} of ${samples.length} samples filled it and passed every check.`,
    ],
  };
}
