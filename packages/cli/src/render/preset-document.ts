// A preset as a plain document, in the nesting of the seed's YAML with Ollama's real option names, plus its evidence.
// The YAML files, the JSON export and the summaries are all written from this.
import { timestampDate } from "@bufbuild/protobuf/wkt";
import type { ExtremeTier, Figure, Gain, Preset, Recommendation } from "@ozone/proto/preset";
import { dimensionsOf } from "@ozone/shared/configuration";
import { useCaseOf } from "@ozone/shared/extreme-tiers";
import { PROVENANCE_NOTICE, PROVENANCE_WORDS } from "@ozone/shared/provenance";
import { type PresetGroup, presetGroups } from "../presets/preset-groups.ts";
import { formatStability, formatTried, proofWords } from "./figures.ts";
import { engineWords } from "./names.ts";

/** Plain data with the keys in the order in which they are to be read. */
export type PlainDocument = Record<string, unknown>;

/**
 * All presets of one model. Top level: the group (hardware class, digest, engine, provenance) with most samples;
 * `other_classes` lists every other group in the same shape. Null without presets.
 */
export function presetsDocument(modelName: string, presets: readonly Preset[]): PlainDocument | null {
  const [first, ...others] = presetGroups(presets);
  if (!first) return null;
  return {
    model: modelName,
    ...groupDocument(first),
    ...(others.length > 0 ? { other_classes: others.map(groupDocument) } : {}),
  };
}

function groupDocument(group: PresetGroup): PlainDocument {
  const [{ modelDigest, quantization, hardwareClass, engine, provenance }] = group;
  const notice = PROVENANCE_NOTICE[provenance];
  return {
    model_digest: modelDigest,
    ...(quantization ? { quantization } : {}),
    hardware_class: hardwareClass,
    engine: engineWords(engine),
    provenance: PROVENANCE_WORDS[provenance],
    ...(notice ? { notice } : {}),
    presets: Object.fromEntries(group.map((preset) => [preset.purpose, presetDocument(preset)])),
  };
}

/** One preset: the options to set first, then what they do, then how sure that is. */
export function presetDocument(preset: Preset): PlainDocument {
  const { configuration, purpose, objective, warnings, staleBecause, extremeTier, recommendation } = preset;
  const useCase = useCaseOf(purpose) || objective;
  return {
    ...(configuration ? dimensionsOf(configuration) : {}),
    performance: performanceOf(preset),
    use_case: useCase,
    status: proofWords(preset),
    ...(recommendation ? { recommendation: recommendationOf(recommendation) } : {}),
    ...(staleBecause.length > 0 ? { stale_because: [...staleBecause] } : {}),
    evidence: evidenceOf(preset),
    ...(warnings.length > 0 ? { warnings: [...warnings] } : {}),
    ...(extremeTier ? extremeDocument(extremeTier) : {}),
  };
}

const recommendationOf = ({ verdict, reason, metric }: Recommendation): PlainDocument =>
  known({ verdict, reason, metric: metric || undefined });

/** The tier's needs, what to do on purpose, and the way down: in the order in which they are needed. */
const extremeDocument = ({ proven, requirements, manualOverride, recovery }: ExtremeTier): PlainDocument => ({
  extreme: proven ? "no: proven stable" : "yes: not proven stable",
  requirements: requirements.map(({ words }) => words),
  manual_override: [...manualOverride],
  recovery_plan: recovery.map(({ words, configuration, proven: safe }) => ({
    step: words,
    ...(configuration ? { set: dimensionsOf(configuration), proven_stable: safe } : {}),
  })),
});

const performanceOf = ({ figures }: Preset): PlainDocument =>
  known({
    tokens_per_sec: median(figures?.decodeTokensPerSecond),
    ttft_ms: median(figures?.ttftMs),
    prefill_tokens_per_sec: median(figures?.prefillTokensPerSecond),
    load_ms: median(figures?.loadMs),
  });

function evidenceOf(preset: Preset): PlainDocument {
  const { figures, stability, gains, runnerUp, defaultConfiguration, refreshedAt } = preset;
  const decode = figures?.decodeTokensPerSecond;
  return known({
    samples: decode?.n ?? 0,
    tokens_per_sec_ci95: interval(decode),
    ttft_ms_ci95: interval(figures?.ttftMs),
    prefill_tokens_per_sec_ci95: interval(figures?.prefillTokensPerSecond),
    interval_method: decode?.method || "none",
    stability: formatStability(stability),
    gain_over_default: gains.length > 0 ? Object.fromEntries(gains.map(gainEntry)) : undefined,
    default: defaultConfiguration ? dimensionsOf(defaultConfiguration) : undefined,
    runner_up: runnerUp?.configuration
      ? { ...dimensionsOf(runnerUp.configuration), why_it_lost: runnerUp.whyItLost }
      : undefined,
    configurations_tried: formatTried(preset.tried) || undefined,
    trials: [...preset.evidence],
    machines: [...preset.machineIds],
    objective: preset.objective,
    refreshed_at: refreshedAt ? timestampDate(refreshedAt).toISOString() : undefined,
  });
}

const gainEntry = ({ metric, ratio, ciLow, ciHigh, verdict }: Gain): [string, PlainDocument] => [
  metric,
  known({
    ratio: rounded(ratio),
    ci95: ciLow === undefined || ciHigh === undefined ? undefined : [rounded(ciLow), rounded(ciHigh)],
    verdict: verdict || "undecided",
  }),
];

const median = (figure: Figure | undefined): number | undefined =>
  figure && figure.n > 0 ? rounded(figure.median) : undefined;

const interval = (figure: Figure | undefined): number[] | undefined =>
  figure?.ciLow === undefined || figure.ciHigh === undefined
    ? undefined
    : [rounded(figure.ciLow), rounded(figure.ciHigh)];

/** Four significant digits: more would claim a precision that nobody measured. */
const rounded = (value: number): number => Number(value.toPrecision(4));

/** Without the keys whose value is not known. */
const known = (document: PlainDocument): PlainDocument =>
  Object.fromEntries(Object.entries(document).filter(([, value]) => value !== undefined));
