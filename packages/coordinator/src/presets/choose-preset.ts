// Results of one key -> its presets. Pure, and the same results give the same bytes in whatever order they arrived.
import { create } from "@bufbuild/protobuf";
import type { Configuration } from "@ozone/proto/configuration";
import { Provenance } from "@ozone/proto/machine";
import { type Preset, PresetSchema, type RunnerUp, RunnerUpSchema } from "@ozone/proto/preset";
import type { TrialResult } from "@ozone/proto/trial";
import { configurationKey } from "@ozone/shared/configuration";
import { figures, gains, stability } from "@ozone/shared/figures";
import { eligibleContexts, OBJECTIVES, type Objective } from "@ozone/shared/objective";
import { stabilityGrade } from "@ozone/shared/statistics/success-bound";
import { type ConfigurationSummary, summarise } from "./summarise.ts";
import { contextLimit, warnings } from "./warn.ts";

/** max_context takes only what succeeds at least so often. */
const SUCCESS_RATE_MIN = 0.95;

/**
 * Only confirmed figures are published; while there are none at all, screened ones stand in, marked preliminary. A
 * context that was filled once did fit: max_context is not a matter of luck, so one beyond all that is confirmed may
 * stand there unconfirmed.
 */
function publishable(
  objective: Objective,
  candidates: readonly ConfigurationSummary[],
): readonly ConfigurationSummary[] {
  const confirmed = candidates.filter((summary) => summary.confirmed);
  if (confirmed.length === 0) return candidates;
  if (objective.purpose !== "max_context") return confirmed;
  const most = Math.max(...confirmed.map(({ configuration }) => configuration.numCtx));
  return [...confirmed, ...candidates.filter(({ configuration }) => configuration.numCtx > most)];
}

/** Best first; equal scores by key, so that the order never depends on arrival. */
function rank(objective: Objective, summaries: readonly ConfigurationSummary[]): ConfigurationSummary[] {
  const eligible = eligibleContexts(
    objective.purpose,
    summaries.map(({ configuration }) => configuration.numCtx),
  );
  const candidates = summaries.filter(
    ({ figures: { numCtx }, successes, runs }) =>
      eligible(numCtx) && (objective.purpose !== "max_context" || successes >= SUCCESS_RATE_MIN * runs),
  );
  const pool = publishable(objective, candidates);
  return pool.toSorted(
    (a, b) => objective.score(b.figures) - objective.score(a.figures) || (a.key < b.key ? -1 : 1),
  );
}

function runnerUp(
  objective: Objective,
  [first, second]: readonly ConfigurationSummary[],
): RunnerUp | undefined {
  if (!first || !second) return undefined;
  const whyItLost = `${objective.explain(second.figures)}, against ${objective.explain(first.figures)}`;
  return create(RunnerUpSchema, { configuration: second.configuration, whyItLost });
}

interface Choice {
  readonly objective: Objective;
  readonly ranked: readonly ConfigurationSummary[];
  readonly chosen: ConfigurationSummary;
}

function build(choice: Choice, all: readonly Choice[], context: BuildContext): Preset {
  const { chosen, objective, ranked } = choice;
  const { results, base } = context;
  const sample = results.find(({ trialId, attempt }) => chosen.evidence.includes(`${trialId}/${attempt}`));
  const provenance = sample?.provenance ?? Provenance.UNSPECIFIED;
  const twins = all.filter((other) => other !== choice && other.chosen.key === chosen.key);
  const isDefault = base?.key === chosen.key;
  const runner = runnerUp(objective, ranked);
  const { production } = stabilityGrade(chosen.successes, chosen.runs);
  return create(PresetSchema, {
    hardwareClass: sample?.hardwareClass ?? "",
    modelName: sample?.modelName ?? "",
    modelDigest: sample?.modelDigest ?? "",
    quantization: sample?.conditions?.quantization ?? "",
    ...(sample?.conditions?.engine ? { engine: sample.conditions.engine } : {}),
    purpose: objective.purpose,
    objective: objective.words,
    configuration: chosen.configuration,
    ...(base ? { defaultConfiguration: base.configuration } : {}),
    figures: figures(chosen.samples, chosen.loadMs),
    stability: stability(chosen.successes, chosen.runs),
    status: production && chosen.confirmed ? "production" : "preliminary",
    provenance,
    warnings: [
      ...(objective.purpose === "max_context" ? [contextLimit(chosen, results)] : []),
      ...twins.map((twin) => `Same configuration as ${twin.objective.purpose}.`),
      ...warnings(chosen, provenance),
    ],
    ...(runner ? { runnerUp: runner } : {}),
    gains: isDefault || !base ? [] : gains(chosen.samples, base.samples),
    evidence: [...chosen.evidence],
    machineIds: [...chosen.machineIds],
  });
}

interface BuildContext {
  readonly results: readonly TrialResult[];
  readonly base: ConfigurationSummary | undefined;
}

/**
 * The presets of one key: fast_response, balanced, max_context, each where there is anything to choose from.
 * @param results all of one hardware class, model, engine kind and version.
 * @param defaults what untuned machines of the class use; the gains are over the one that was measured.
 */
export function choosePresets(results: readonly TrialResult[], defaults: readonly Configuration[]): Preset[] {
  const sorted = results.toSorted((a, b) =>
    a.trialId === b.trialId ? a.attempt - b.attempt : a.trialId < b.trialId ? -1 : 1,
  );
  const summaries = summarise(sorted);
  const defaultKeys = new Set(defaults.map(configurationKey));
  const base = summaries.find(({ key }) => defaultKeys.has(key));
  const choices = OBJECTIVES.flatMap((objective): Choice[] => {
    const ranked = rank(objective, summaries);
    return ranked[0] ? [{ objective, ranked, chosen: ranked[0] }] : [];
  });
  return choices.map((choice) => build(choice, choices, { results: sorted, base }));
}
