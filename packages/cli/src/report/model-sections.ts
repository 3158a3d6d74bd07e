// A report cut by model: what belongs into the files of one model, and in which order people read it. Pure.
import type { Machine } from "@ozone/proto/machine";
import { Provenance } from "@ozone/proto/machine";
import type { Preset } from "@ozone/proto/preset";
import type { MeasuredConfiguration, Report } from "@ozone/proto/report";
import type { TrialResult } from "@ozone/proto/trial";
import { fileNameFor } from "@ozone/shared/file-names";
import { inReadingOrder } from "../presets/preset-order.ts";

/** Everything about one model name. */
export interface ModelSection {
  readonly modelName: string;
  /** Name for files, without extension; no two sections share one, whatever the names are. */
  readonly fileName: string;
  readonly presets: readonly Preset[];
  readonly configurations: readonly MeasuredConfiguration[];
  readonly results: readonly TrialResult[];
  readonly machines: readonly Machine[];
  /** The weakest of what is in it. */
  readonly provenance: Provenance;
}

/** One section per model name, in the order of the alphabet. */
export function modelSections(report: Report): ModelSection[] {
  const all = [...report.presets, ...report.configurations, ...report.results];
  const names = [...new Set(all.map(({ modelName }) => modelName))].sort();
  const fileNames = distinctFileNames(names);
  return names.map((modelName) => {
    const isOurs = (item: { modelName: string }) => item.modelName === modelName;
    const configurations = report.configurations.filter(isOurs).sort(byPlaceAndSize);
    const results = report.results.filter(isOurs);
    const presets = inReadingOrder(report.presets.filter(isOurs));
    const machineIds = new Set([...configurations, ...results].map(({ machineId }) => machineId));
    const parts = [...presets, ...configurations, ...results];
    return {
      modelName,
      fileName: fileNames.get(modelName) ?? "_",
      presets,
      configurations,
      results,
      machines: report.machines.filter(({ id }) => machineIds.has(id)),
      provenance: weakest(parts.map(({ provenance }) => provenance)),
    };
  });
}

/** Simulated is weaker than synthetic, synthetic weaker than measured; unknown is the weakest. */
export function weakest(provenances: readonly Provenance[]): Provenance {
  const order = [Provenance.MEASURED, Provenance.SYNTHETIC, Provenance.SIMULATED, Provenance.UNSPECIFIED];
  const positions = provenances.map((provenance) => order.indexOf(provenance));
  return order[Math.max(0, ...positions)] ?? Provenance.UNSPECIFIED;
}

/** Two names may become one on disk ("a:b" and "a_b", or upper and lower case): the later ones get a number. */
function distinctFileNames(names: readonly string[]): Map<string, string> {
  const taken = new Set<string>();
  const chosen = new Map<string, string>();
  for (const name of names) {
    const base = fileNameFor(name);
    let candidate = base;
    for (let number = 2; taken.has(candidate.toLowerCase()); number += 1) candidate = `${base}-${number}`;
    taken.add(candidate.toLowerCase());
    chosen.set(name, candidate);
  }
  return chosen;
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function byPlaceAndSize(a: MeasuredConfiguration, b: MeasuredConfiguration): number {
  return (
    compareText(a.machineId, b.machineId) ||
    (a.configuration?.numCtx ?? 0) - (b.configuration?.numCtx ?? 0) ||
    (a.configuration?.numBatch ?? 0) - (b.configuration?.numBatch ?? 0) ||
    (a.configuration?.numThread ?? 0) - (b.configuration?.numThread ?? 0)
  );
}
