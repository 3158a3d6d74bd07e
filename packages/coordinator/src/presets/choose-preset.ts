// Results of one key -> its presets. Pure, and the same results give the same bytes in whatever order they arrived.
import { create } from "@bufbuild/protobuf";
import type { Configuration } from "@ozone/proto/configuration";
import { Provenance } from "@ozone/proto/machine";
import { type Preset, PresetSchema, type RunnerUp, RunnerUpSchema } from "@ozone/proto/preset";
import type { TrialResult } from "@ozone/proto/trial";
import { figures, gains, stability } from "@ozone/shared/figures";
import { OBJECTIVES, type Objective } from "@ozone/shared/objective";
import type { Choice } from "./choice.ts";
import { extremeTier, tierChoices, tierWarnings } from "./extreme-tier.ts";
import { isProven } from "./proven.ts";
import { countByVerdict } from "./recommend.ts";
import type { ConfigurationSummary } from "./summarise.ts";
import { contextLimit, warnings } from "./warn.ts";
import { type WholeKey, wholeKey } from "./whole-key.ts";

/** Raised whenever the same results would be given other presets than before: those of other rules are chosen again. */
export const PRESET_RULES = 2;

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
  const contexts = summaries.map(({ configuration }) => configuration.numCtx);
  const candidates = summaries.filter(
    ({ figures: seen }) => objective.allows(seen, contexts) === true && !Number.isNaN(objective.score(seen)),
  );
  const pool = publishable(objective, candidates);
  return pool.toSorted(
    (a, b) => objective.score(b.figures) - objective.score(a.figures) || (a.key < b.key ? -1 : 1),
  );
}

/** One objective's choice; undefined where there is nothing to choose from. */
function choiceOf(objective: Objective, summaries: readonly ConfigurationSummary[]): Choice[] {
  const { purpose, words } = objective;
  const ranked = rank(objective, summaries);
  const explain = ({ figures: seen }: ConfigurationSummary) => objective.explain(seen);
  return ranked[0] ? [{ purpose, words, ranked, chosen: ranked[0], explain }] : [];
}

function runnerUp({ ranked: [first, second], explain }: Choice): RunnerUp | undefined {
  if (!first || !second) return undefined;
  const whyItLost = `${explain(second)}, against ${explain(first)}`;
  return create(RunnerUpSchema, { configuration: second.configuration, whyItLost });
}

/** What the results say of the chosen configuration whatever it was chosen for. */
function facts(chosen: ConfigurationSummary, { results, base }: WholeKey) {
  const sample = results.find(({ trialId, attempt }) => chosen.evidence.includes(`${trialId}/${attempt}`));
  const isDefault = base?.key === chosen.key;
  return {
    hardwareClass: sample?.hardwareClass ?? "",
    modelName: sample?.modelName ?? "",
    modelDigest: sample?.modelDigest ?? "",
    quantization: sample?.conditions?.quantization ?? "",
    ...(sample?.conditions?.engine ? { engine: sample.conditions.engine } : {}),
    provenance: sample?.provenance ?? Provenance.UNSPECIFIED,
    configuration: chosen.configuration,
    ...(base ? { defaultConfiguration: base.configuration } : {}),
    figures: figures(chosen.samples, chosen.loadMs),
    stability: stability(chosen.successes, chosen.runs),
    status: isProven(chosen) ? "production" : "preliminary",
    gains: isDefault || !base ? [] : gains(chosen.samples, base.samples),
    evidence: [...chosen.evidence],
    machineIds: [...chosen.machineIds],
  };
}

function build(choice: Choice, all: readonly Choice[], context: WholeKey): Preset {
  const { chosen, purpose, tier } = choice;
  const twins = all.filter((other) => other !== choice && other.chosen.key === chosen.key);
  const runner = runnerUp(choice);
  const said = facts(chosen, context);
  const recommendation = context.judged.get(chosen.key);
  return create(PresetSchema, {
    ...said,
    purpose,
    objective: choice.words,
    ...(recommendation ? { recommendation } : {}),
    tried: countByVerdict([...context.judged.values()]),
    warnings: [
      ...(tier ? tierWarnings(chosen, context.results) : []),
      ...(purpose === "max_context" ? [contextLimit(chosen, context.results)] : []),
      ...twins.map((twin) => `Same configuration as ${twin.purpose}.`),
      ...warnings(chosen, said.provenance),
    ],
    ...(runner ? { runnerUp: runner } : {}),
    ...(tier ? { extremeTier: extremeTier(choice, tier, context) } : {}),
  });
}

/**
 * The presets of one key: fast_response, balanced, max_context and the extreme tiers, each where there is anything to choose from.
 * @param results all of one hardware class, model, engine kind and version.
 * @param defaults what untuned machines of the class use; the gains are over the one that was measured.
 * @param objectives what is looked for; without a file of one's own, the three that every sweep gives.
 */
export function choosePresets(
  results: readonly TrialResult[],
  defaults: readonly Configuration[],
  objectives: readonly Objective[] = OBJECTIVES,
): Preset[] {
  const known = wholeKey(results, defaults);
  const choices = [
    ...objectives.flatMap((objective) => choiceOf(objective, known.summaries)),
    ...tierChoices(known.summaries),
  ];
  return choices.map((choice) => build(choice, choices, known));
}
