// Whether a preset still holds for the machines that it rests on. Pure. A stale preset is shown as such and never
// deleted: it may hold again, and it holds for machines that did not change.
import { timestampMs } from "@bufbuild/protobuf/wkt";
import type { Engine, Model } from "@ozone/proto/machine";
import type { Preset } from "@ozone/proto/preset";
import type { HardwareChange } from "./machine-facts.ts";
import { engineKindWords } from "./provenance.ts";

/** A machine as it announced itself last. */
export interface CurrentMachine {
  readonly id: string;
  readonly hardwareClass: string;
  readonly engine?: Engine | undefined;
  /** Why its engine can't be asked now; empty when it can. */
  readonly engineProblem: string;
  readonly models: readonly Pick<Model, "name" | "digest">[];
  readonly changes: readonly HardwareChange[];
}

/** A fleet's worth of sentences helps nobody. */
const SENTENCES_MAX = 4;

/** One sentence for each thing that changed under a preset; empty when it holds. Machines that are gone say nothing. */
export function staleBecause(preset: Preset, machines: readonly CurrentMachine[]): string[] {
  const ids = new Set(preset.machineIds);
  const all = machines
    .filter(({ id }) => ids.has(id))
    .flatMap((machine) => [
      ...hardware(preset, machine),
      ...(canSay(machine) ? [...engine(preset, machine), ...model(preset, machine)] : []),
    ]);
  const more = all.length - SENTENCES_MAX;
  return more <= 0 ? all : [...all.slice(0, SENTENCES_MAX), `${more} more changes like these.`];
}

/** An engine that does not answer has not changed as far as anybody knows. */
const canSay = ({ engine: now, engineProblem }: CurrentMachine): boolean =>
  engineProblem === "" && now !== undefined && now.version !== "";

function hardware({ hardwareClass, refreshedAt }: Preset, machine: CurrentMachine): string[] {
  const { id, changes } = machine;
  const measuredMs = refreshedAt ? timestampMs(refreshedAt) : Number.POSITIVE_INFINITY;
  const since = changes.filter(({ changedAt }) => Date.parse(changedAt) > measuredMs);
  const words = since.map(({ what }) => `${id}: ${what}`);
  if (machine.hardwareClass === hardwareClass) return words;
  return [`${id} is of the hardware class ${machine.hardwareClass} now.`, ...words];
}

function engine({ engine: measured }: Preset, { id, engine: now }: CurrentMachine): string[] {
  if (measured === undefined || now === undefined) return [];
  if (measured.kind === now.kind && measured.version === now.version) return [];
  const words = (one: Engine) => `${engineKindWords(one.kind)} ${one.version}`;
  return [`${id} runs ${words(now)} now, and this was measured on ${words(measured)}.`];
}

function model({ modelName, modelDigest, engine: measured }: Preset, machine: CurrentMachine): string[] {
  const { id, models, engine: now } = machine;
  // Another engine has models of its own; that it is another one is said already.
  if (measured?.kind !== now?.kind || models.some(({ digest }) => digest === modelDigest)) return [];
  const renewed = models.some(({ name }) => name === modelName);
  return [
    renewed
      ? `${modelName} has another digest on ${id} now: it was pulled or made again.`
      : `${modelName} is no longer installed on ${id}.`,
  ];
}
