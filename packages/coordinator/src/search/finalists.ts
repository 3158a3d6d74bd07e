// Which configurations deserve confirmation: the best of each objective on the screening figures, and the default.
import { type Configuration, Purpose } from "@ozone/proto/configuration";
import { configurationKey } from "@ozone/shared/configuration";
import { saysNothing } from "@ozone/shared/failure";
import { groupBy } from "@ozone/shared/group-by";
import { OBJECTIVES, type Objective, type ObjectiveFigures } from "@ozone/shared/objective";
import { figuresOf } from "@ozone/shared/objectives/figures-of";
import type { Observation } from "./strategy.ts";

/** A configuration with the medians of its samples. */
export interface Measured {
  readonly key: string;
  readonly configuration: Configuration;
  readonly figures: ObjectiveFigures;
}

/** Medians per configuration, references and those without a usable sample left out. Ordered by key. */
export function measuredConfigurations(observations: readonly Observation[]): Measured[] {
  const searched = observations.filter(({ purpose }) => purpose !== Purpose.REFERENCE);
  const groups = groupBy(searched, ({ configuration }) => configurationKey(configuration));
  const measured: Measured[] = [];
  for (const [key, group] of [...groups].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const figures = mediansOf(group);
    const configuration = group[0]?.configuration;
    if (figures && configuration) measured.push({ key, configuration, figures });
  }
  return measured;
}

function mediansOf(group: readonly Observation[]): ObjectiveFigures | null {
  const configuration = group[0]?.configuration;
  const tried = group.filter(({ failureClass }) => !saysNothing(failureClass));
  const worked = tried.filter(({ failureClass }) => failureClass === null);
  const successRate = tried.length > 0 ? worked.length / tried.length : undefined;
  const samples = group.flatMap((observation) => observation.samples);
  return configuration ? figuresOf(configuration, samples, successRate) : null;
}

/** A finalist and what it is a finalist for. */
export interface Finalist extends Measured {
  readonly reason: string;
  /** Purposes of the objectives that it leads for; none: it is the default. */
  readonly leadsFor: readonly string[];
}

/**
 * The best configuration of each objective and the default, each once, in order of importance.
 * @param defaultKey key of the default configuration; it is compared with, so it is confirmed as well.
 * @param objectives what presets are chosen by.
 */
export function chooseFinalists(
  observations: readonly Observation[],
  defaultKey: string,
  objectives: readonly Objective[] = OBJECTIVES,
): Finalist[] {
  const measured = measuredConfigurations(observations);
  const finalists = new Map<string, Finalist>();
  const contexts = measured.map(({ figures }) => figures.numCtx);
  for (const objective of objectives) {
    const candidates = measured.filter(
      ({ figures }) =>
        objective.allows(figures, contexts) !== false && !Number.isNaN(objective.score(figures)),
    );
    const best = candidates.reduce<Measured | null>(
      (leader, next) =>
        leader && objective.score(leader.figures) >= objective.score(next.figures) ? leader : next,
      null,
    );
    if (!best) continue;
    const leadsFor = [...(finalists.get(best.key)?.leadsFor ?? []), objective.purpose];
    finalists.set(best.key, { ...best, leadsFor, reason: `leads for ${leadsFor.join(" and ")}` });
  }
  const fallback = measured.find(({ key }) => key === defaultKey);
  if (fallback && !finalists.has(defaultKey)) {
    const reason = "the default, which the presets are compared with";
    finalists.set(defaultKey, { ...fallback, leadsFor: [], reason });
  }
  return [...finalists.values()];
}

/** Usable confirmation samples of one configuration. */
export const confirmedSamples = (observations: readonly Observation[], key: string) =>
  observations
    .filter(
      ({ purpose, configuration }) => purpose === Purpose.CONFIRM && configurationKey(configuration) === key,
    )
    .flatMap(({ samples }) => samples);
