// Which of a machine's models suit a purpose, by speed and room alone: what was measured, else a prediction, else
// unknown. Says nothing of how good answers are. Pure.
import { type Machine, type Model, Provenance } from "@ozone/proto/machine";
import type { Figure, Preset } from "@ozone/proto/preset";
import { isQuantisedCache } from "./configuration.ts";
import {
  type DecodePrediction,
  type MeasuredRate,
  type PredictableModel,
  predictDecode,
} from "./decode-prediction.ts";
import { type MachineFacts, parseMachineFacts } from "./machine-facts.ts";
import { type MachineMemory, type ModelRoom, memoryOf, modelRoom } from "./model-room.ts";
import { OBJECTIVES } from "./objective.ts";
import { provenanceOf } from "./provenance.ts";

/** Contexts that a purpose is of little use below, tokens. The first is the floor of fast_response. */
export const USEFUL_CONTEXT: Readonly<Record<string, number>> = {
  fast_response: 4096,
  balanced: 8192,
  max_context: 32_768,
};

type AdvisedFigure = Pick<Figure, "median" | "ciLow" | "ciHigh" | "n" | "method">;

/** Figures of the preset of this machine's class. */
export interface MeasuredSpeed {
  readonly basis: "measured";
  readonly numCtx: number;
  readonly decode: AdvisedFigure;
  readonly ttft: AdvisedFigure | null;
  readonly status: string;
  readonly staleBecause: readonly string[];
  /** False: on another machine of the class. */
  readonly onThisMachine: boolean;
}

/** What is known of a model's speed. */
export type ModelSpeed =
  | MeasuredSpeed
  | ({ readonly basis: "predicted" } & DecodePrediction)
  | { readonly basis: "unknown"; readonly reason: string };

/** One model of the machine. */
export interface ModelAdvice {
  readonly modelName: string;
  readonly modelDigest: string;
  readonly quantization: string;
  readonly weightBytes: number;
  readonly provenance: Provenance;
  readonly room: ModelRoom;
  readonly speed: ModelSpeed;
}

/** What all models of a machine are looked at with. */
interface View {
  readonly machine: Machine;
  readonly memory: MachineMemory;
  readonly cacheSizeBytes: number | null;
  readonly purpose: string;
  readonly presets: readonly Preset[];
}

/**
 * Advice on every installed model, the most suitable first: what may fit before what is too large, measured before
 * predicted before unknown, then by the purpose's own objective (predictions by their rate).
 * @param presets of any machine and purpose; those that do not belong are left out.
 */
export function adviseModels(machine: Machine, presets: readonly Preset[], purpose: string): ModelAdvice[] {
  const facts = factsOf(machine);
  const view = {
    machine,
    memory: memoryOf(facts),
    cacheSizeBytes: facts?.cpu.l3Bytes ?? null,
    purpose,
    presets: presets.filter((preset) => preset.purpose === purpose && isOfMachine(preset, machine)),
  };
  return machine.models
    .map((model) => adviceOn(model, view))
    .sort(
      (a, b) =>
        groupOf(a) - groupOf(b) ||
        scoreOf(b, purpose) - scoreOf(a, purpose) ||
        (a.modelName < b.modelName ? -1 : 1),
    );
}

/** Facts of an agent of another version may not fit our schema: memory is unknown then. */
function factsOf({ factsJson }: Machine): MachineFacts | null {
  try {
    return parseMachineFacts(JSON.parse(factsJson));
  } catch {
    return null;
  }
}

const isOfMachine = ({ hardwareClass, engine }: Preset, machine: Machine): boolean =>
  hardwareClass === machine.hardwareClass &&
  engine !== undefined &&
  engine.kind === machine.engine?.kind &&
  engine.version === machine.engine.version;

/** The preset of one model, of the provenance that the model has here: synthetic and simulated never stand in for measured. */
const presetOf = (model: Model, { presets, machine }: View): Preset | undefined =>
  presets.find(
    ({ modelDigest, provenance }) =>
      modelDigest === model.digest && provenance === provenanceHere(model, machine),
  );

const provenanceHere = ({ synthetic }: Model, { engine }: Machine): Provenance =>
  engine ? provenanceOf(engine.kind, synthetic) : Provenance.UNSPECIFIED;

function adviceOn(model: Model, view: View): ModelAdvice {
  const { machine, memory, purpose } = view;
  const asked = USEFUL_CONTEXT[purpose] ?? 8192;
  const useful = model.trainedContext > 0 ? Math.min(asked, model.trainedContext) : asked;
  return {
    modelName: model.name,
    modelDigest: model.digest,
    quantization: model.quantization,
    weightBytes: Number(model.sizeBytes),
    provenance: provenanceHere(model, machine),
    room: seenRoom(modelRoom(plain(model), memory, useful), presetOf(model, view), machine),
    speed: speedOf(model, view),
  };
}

/** An estimate yields to what happened: a preset of this machine, no smaller a cache and context, did fit. */
function seenRoom(room: ModelRoom, preset: Preset | undefined, { id }: Machine): ModelRoom {
  const { configuration, machineIds = [], staleBecause = [] } = preset ?? {};
  const didFit =
    configuration !== undefined &&
    configuration.numCtx >= room.numCtx &&
    !isQuantisedCache(configuration.kvCacheType) &&
    machineIds.includes(id) &&
    staleBecause.length === 0;
  return didFit && room.word !== "tight" ? { ...room, word: "fits" } : room;
}

const plain = (model: Model): PredictableModel => ({
  name: model.name,
  family: model.family,
  parameterSize: model.parameterSize,
  trainedContext: model.trainedContext,
  weightBytes: Number(model.sizeBytes),
  kvBytesPerToken: Number(model.kvBytesPerToken),
});

function speedOf(model: Model, view: View): ModelSpeed {
  const preset = presetOf(model, view);
  const measured = preset && measuredSpeed(preset, view.machine);
  if (measured) return measured;
  const alike = view.machine.models.filter(
    (other) => provenanceHere(other, view.machine) === provenanceHere(model, view.machine),
  );
  const rates = alike.flatMap((other) => measuredRate(other, presetOf(other, view)));
  const predicted = predictDecode(plain(model), rates, view);
  return typeof predicted === "string"
    ? { basis: "unknown", reason: predicted }
    : { basis: "predicted", ...predicted };
}

function measuredSpeed(preset: Preset, { id }: Machine): MeasuredSpeed | null {
  const { decodeTokensPerSecond: decode, ttftMs } = preset.figures ?? {};
  if (!decode || decode.n === 0 || !preset.configuration) return null;
  return {
    basis: "measured",
    numCtx: preset.configuration.numCtx,
    decode: advised(decode),
    ttft: ttftMs && ttftMs.n > 0 ? advised(ttftMs) : null,
    status: preset.status,
    staleBecause: preset.staleBecause,
    onThisMachine: preset.machineIds.includes(id),
  };
}

const advised = ({ median, ciLow, ciHigh, n, method }: Figure): AdvisedFigure => ({
  median,
  ...(ciLow === undefined ? {} : { ciLow }),
  ...(ciHigh === undefined ? {} : { ciHigh }),
  n,
  method,
});

/** What may carry a prediction: what still holds, and one request at a time. */
function measuredRate(model: Model, preset: Preset | undefined): MeasuredRate[] {
  const { configuration, figures, staleBecause = [] } = preset ?? {};
  const decode = figures?.decodeTokensPerSecond;
  if (!configuration || !decode || decode.n === 0) return [];
  if (staleBecause.length > 0 || configuration.concurrency > 1) return [];
  const { numCtx, kvCacheType, numGpu } = configuration;
  return [{ model: plain(model), numCtx, kvCacheType, setsPlacement: numGpu !== undefined, decode }];
}

const BASES = ["measured", "predicted", "unknown"];

const groupOf = ({ room, speed }: ModelAdvice): number =>
  BASES.indexOf(speed.basis) + (room.word === "too large" ? BASES.length : 0);

function scoreOf({ speed }: ModelAdvice, purpose: string): number {
  if (speed.basis === "unknown") return 0;
  if (speed.basis === "predicted") return speed.tokensPerSecond;
  const objective = OBJECTIVES.find((known) => known.purpose === purpose);
  const { numCtx, decode, ttft } = speed;
  if (!objective || !ttft) return Number.MIN_SAFE_INTEGER;
  const score = objective.score({ numCtx, decodeTokensPerSecond: decode.median, ttftMs: ttft.median });
  return Number.isNaN(score) ? Number.MIN_SAFE_INTEGER : score;
}
