// Keeps the presets of a key in step with its results: read, choose, replace.
import type { Configuration } from "@ozone/proto/configuration";
import type { Recommendation } from "@ozone/proto/preset";
import type { TrialResult } from "@ozone/proto/trial";
import { defaultConfiguration } from "@ozone/shared/default-configuration";
import { expandSharedFills } from "@ozone/shared/expand-shared-fills";
import { EXTREME_TIERS } from "@ozone/shared/extreme-tiers";
import { OBJECTIVES, type Objective } from "@ozone/shared/objective";
import { engineKindWords } from "@ozone/shared/provenance";
import { listMachines } from "../store/machines.ts";
import type { Store } from "../store/open-store.ts";
import { listPresets, refreshedKeys, replacePresets } from "../store/presets.ts";
import { type PresetKey, presetKeys, resultsOfKey } from "../store/results.ts";
import { choosePresets, PRESET_RULES } from "./choose-preset.ts";
import { wholeKey } from "./whole-key.ts";

/** Identity of a key, for sets. */
export const presetKeyText = (key: PresetKey): string =>
  JSON.stringify([key.hardwareClass, key.modelDigest, key.engineKind, key.engineVersion]);

/** The defaults of the machines that these results come from, for every output length that was measured. */
async function defaultsFor(store: Store, results: readonly TrialResult[]): Promise<Configuration[]> {
  const ids = new Set(results.map(({ machineId }) => machineId));
  const digest = results[0]?.modelDigest;
  const measured = results.flatMap(expandSharedFills);
  const lengths = new Set(measured.map(({ configuration }) => configuration?.numPredict));
  const machines = (await listMachines(store.db)).filter(({ id }) => ids.has(id));
  return machines.flatMap(({ announcement }) => {
    const model = announcement.models.find((candidate) => candidate.digest === digest);
    const { defaultThreads } = announcement;
    return [...lengths].map((numPredict) =>
      defaultConfiguration({
        trainedContext: model?.trainedContext ?? 0,
        defaultThreads: defaultThreads > 0 ? defaultThreads : null,
        numPredict,
      }),
    );
  });
}

/** What is recommended of every configuration of a key, by configuration key. */
export async function recommendationsOfKey(
  store: Store,
  key: PresetKey,
): Promise<ReadonlyMap<string, Recommendation>> {
  const results = await resultsOfKey(store.db, key);
  return wholeKey(results, await defaultsFor(store, results)).judged;
}

/** Chooses the presets of one key again. */
export async function refreshPresets(
  store: Store,
  key: PresetKey,
  objectives: readonly Objective[] = OBJECTIVES,
): Promise<void> {
  const results = await resultsOfKey(store.db, key);
  const chosen = choosePresets(results, await defaultsFor(store, results), objectives);
  for (const preset of chosen) preset.rules = PRESET_RULES;
  await replacePresets(store.db, key, chosen);
}

/**
 * Keys with a preset that was chosen otherwise than now: the file of objectives has changed, or another version of Ozone
 * worked here before (or in between: a coordinator may go back a release).
 */
async function keysChosenOtherwise(store: Store, objectives: readonly Objective[]): Promise<Set<string>> {
  const words = new Map([...objectives, ...EXTREME_TIERS].map((one) => [one.purpose, one.words]));
  const presets = await listPresets(store.db, { model: "", hardwareClass: "", purpose: "" });
  const others = presets.filter(
    ({ purpose, objective, rules }) => words.get(purpose) !== objective || rules !== PRESET_RULES,
  );
  return new Set(
    others.map(({ hardwareClass, modelDigest, engine }) =>
      presetKeyText({
        hardwareClass,
        modelDigest,
        engineKind: engineKindWords(engine?.kind ?? 0),
        engineVersion: engine?.version ?? "",
      }),
    ),
  );
}

/** Keys whose newest result is younger than their presets (what a killed coordinator left undone), or chosen otherwise. */
export async function staleKeys(
  store: Store,
  objectives: readonly Objective[] = OBJECTIVES,
): Promise<PresetKey[]> {
  const others = await keysChosenOtherwise(store, objectives);
  const refreshed = new Map(
    (await refreshedKeys(store.db)).map((key) => [presetKeyText(key), key.refreshedAt.getTime()]),
  );
  const keys = await presetKeys(store.db);
  return keys.filter(
    (key) =>
      key.newest.getTime() >= (refreshed.get(presetKeyText(key)) ?? 0) || others.has(presetKeyText(key)),
  );
}
