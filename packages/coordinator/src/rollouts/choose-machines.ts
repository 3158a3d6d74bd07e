// Which machines a roll-out goes to, in which order, and which are left out before it starts, each with its reason. Pure.

import type { Preset } from "@ozone/proto/preset";
import type { RolloutRequest } from "@ozone/proto/rollout";
import { isModelName } from "@ozone/shared/derived-model";
import { OzoneError } from "@ozone/shared/errors";
import { bareDigest } from "@ozone/shared/model-digest";
import { featureProblem, versionProblem } from "@ozone/shared/protocol-version";
import { engineKindWords } from "@ozone/shared/provenance";
import { requireCarried, withTags } from "@ozone/shared/tags";
import type { MachineRow } from "../store/machines.ts";
import { describeAway } from "./presence.ts";

/** One machine as it starts. */
export interface ChosenMachine {
  readonly position: number;
  readonly machineId: string;
  readonly machineName: string;
  readonly state: "planned" | "left out";
  readonly because: string;
  readonly canary: boolean;
}

const refuse = (sentence: string): never => {
  throw new OzoneError("invalid_input", sentence);
};

const isNamed = ({ id, announcement }: MachineRow, typed: string): boolean =>
  id === typed || announcement.name === typed;

/**
 * The machines of the request, by their names; the canary that was asked for first.
 * @throws OzoneError invalid_input with one sentence when there are none, or one that was named does not exist
 */
export function chooseMachines(
  request: RolloutRequest,
  machines: readonly MachineRow[],
  leaseMs: number,
): ChosenMachine[] {
  const { preset, canary, as } = request;
  if (preset?.configuration === undefined) return refuse("A roll-out needs a preset with a configuration.");
  if (as !== "" && !isModelName(as))
    return refuse(`${JSON.stringify(as)} is no model name; write model:tag.`);
  const asked = askedFor(request, preset, machines);
  if (canary !== "" && !asked.some((machine) => isNamed(machine, canary))) {
    return refuse(`The canary ${JSON.stringify(canary)} is not one of the machines of this roll-out.`);
  }
  const name = ({ announcement, id }: MachineRow) => `${announcement.name} ${id}`;
  const rank = (machine: MachineRow) => (canary !== "" && isNamed(machine, canary) ? 0 : 1);
  const inOrder = [...asked].sort(
    (one, other) => rank(one) - rank(other) || (name(one) < name(other) ? -1 : 1),
  );
  const chosen = inOrder.map((machine, position): ChosenMachine => {
    const because = whyLeftOut(machine, preset, request.despiteChanges) ?? "";
    const { id: machineId, announcement } = machine;
    const state = because === "" ? "planned" : "left out";
    return { position, machineId, machineName: announcement.name, state, because, canary: false };
  });
  return withFirstWords(chosen, inOrder, leaseMs);
}

function askedFor(
  { machines: typed, tags }: RolloutRequest,
  preset: Preset,
  machines: readonly MachineRow[],
): MachineRow[] {
  const unknown = typed.filter((one) => !machines.some((machine) => isNamed(machine, one)));
  if (unknown.length > 0) {
    return refuse(`There is no machine ${JSON.stringify(unknown[0])}; \`ozone machine list\` shows them.`);
  }
  if (typed.length > 0) {
    const named = machines.filter((machine) => typed.some((one) => isNamed(machine, one)));
    requireCarried(named, tags, ({ announcement }) => announcement.name);
    return named;
  }
  // Of whatever class: one that carries the tag and can't take the preset is left out with its reason.
  if (tags.length > 0) return [...withTags(machines, tags, "known")];
  const asked = machines.filter(({ announcement }) => announcement.hardwareClass === preset.hardwareClass);
  if (asked.length > 0) return asked;
  return refuse(
    `No machine of the hardware class ${preset.hardwareClass} is known; \`ozone machine list\` shows them.`,
  );
}

/** By what the machine has announced; its agent looks again before it does anything. */
function whyLeftOut({ announcement }: MachineRow, preset: Preset, despiteChanges: boolean): string | null {
  const { hardwareClass, engine, engineProblem, models } = announcement;
  if (hardwareClass !== preset.hardwareClass) {
    return `Its hardware class is ${hardwareClass}, and the preset is for ${preset.hardwareClass}.`;
  }
  if (engineProblem !== "") return engineProblem;
  const version = versionProblem(announcement) ?? featureProblem(announcement, "applying presets");
  if (version !== null) return version;
  const [wanted, has] = [preset.engine, engine];
  if ((wanted?.kind ?? 0) !== (has?.kind ?? 0)) {
    return `Its engine is "${engineKindWords(has?.kind ?? 0)}", and the preset is for "${engineKindWords(wanted?.kind ?? 0)}".`;
  }
  if (!despiteChanges && wanted?.version !== has?.version) {
    return `Version ${has?.version || "unknown"} of the engine runs there, and the preset was measured on ${wanted?.version || "unknown"}.`;
  }
  const model = models.find(({ name }) => name === preset.modelName);
  if (model === undefined) return `${preset.modelName} is not installed there.`;
  if (bareDigest(model.digest) === bareDigest(preset.modelDigest)) return null;
  return `${preset.modelName} has the digest ${bareDigest(model.digest).slice(0, 12)} there, and the preset is for ${bareDigest(preset.modelDigest).slice(0, 12)}.`;
}

/** What a person is shown before it starts: who would be the canary, and who is away now. */
function withFirstWords(
  chosen: readonly ChosenMachine[],
  machines: readonly MachineRow[],
  leaseMs: number,
): ChosenMachine[] {
  return chosen.map((one, index) => {
    if (one.state === "left out") return one;
    const { away } = describeAway(machines[index], { leaseMs, listeningMs: 0 });
    return { ...one, because: away === null ? "" : `${away} It is left out if it is still so at its turn.` };
  });
}
