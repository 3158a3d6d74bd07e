// A request as far as one target can follow it: where the sweep says so, values that the machine or the model can't use
// are left out, each with a sentence, instead of the whole sweep being refused. Pure.
import { clone, create } from "@bufbuild/protobuf";
import { type Protocol, ProtocolSchema } from "@ozone/proto/configuration";
import type { Announcement } from "@ozone/proto/machine";
import { type Matrix, MatrixSchema, type SweepRequest } from "@ozone/proto/sweep";
import { defaultConfiguration } from "@ozone/shared/default-configuration";
import { featureProblem } from "@ozone/shared/protocol-version";
import { announcedModel, machineOf } from "./target-facts.ts";

/** Fewer threads than this share of the cores are no candidates: they would only take long. */
const FEWEST_THREADS_SHARE = 1 / 4;

/** What is asked of a target in the end. */
export interface FittedRequest {
  readonly matrix: Matrix;
  readonly protocol: Protocol;
  /** What was left out, and why: for people. */
  readonly notes: readonly string[];
}

/** Takes what does not pass out of a list. @returns what was taken out. */
function takeOut(values: number[], passes: (value: number) => boolean): number[] {
  const out = values.filter((value) => !passes(value));
  values.splice(0, values.length, ...values.filter(passes));
  return out;
}

function fitContexts(matrix: Matrix, trainedContext: number): string[] {
  if (trainedContext === 0) return [];
  const out = takeOut(matrix.numCtx, (numCtx) => numCtx <= trainedContext);
  if (out.length === 0) return [];
  const { numCtx } = defaultConfiguration({ trainedContext, defaultThreads: null });
  const rest = matrix.numCtx.length === 0 ? `; num_ctx ${numCtx} is measured in their place` : "";
  return [`num_ctx ${out.join(", ")} left out: the model was trained for ${trainedContext} tokens${rest}.`];
}

function fitThreads(matrix: Matrix, announcement: Announcement): string[] {
  if (matrix.numThread.length === 0) return [];
  const { logicalCores, physicalCores } = machineOf(announcement);
  if (logicalCores === null) {
    matrix.numThread = [];
    return ["num_thread left out: the number of the machine's cores is unknown."];
  }
  const fewest = FEWEST_THREADS_SHARE * (physicalCores ?? logicalCores);
  const out = takeOut(matrix.numThread, (threads) => threads >= fewest && threads <= logicalCores);
  return out.length === 0
    ? []
    : [`num_thread ${out.join(", ")} left out: the machine has ${logicalCores} logical cores.`];
}

function fitServerSettings(matrix: Matrix, protocol: Protocol, problem: string): string[] {
  if (!protocol.managed || problem === "") return [];
  const out = [
    ...(matrix.kvCacheType.length > 0 ? [`kv_cache_type ${matrix.kvCacheType.join(", ")}`] : []),
    ...(matrix.flashAttention.length > 0 ? [`flash_attention ${matrix.flashAttention.join(", ")}`] : []),
  ];
  matrix.kvCacheType = [];
  matrix.flashAttention = [];
  protocol.managed = false;
  const what = out.length > 0 ? out.join(" and ") : "managed servers";
  return [`${what} left out: the agent can't start an Ollama server of its own: ${problem}`];
}

/** Every output length gets fills of its own where the agent knows no other way. */
function fitSharedFills(protocol: Protocol, announcement: Announcement): string[] {
  const problem = protocol.shareFill ? featureProblem(announcement, "shared fills") : null;
  if (problem === null) return [];
  protocol.shareFill = false;
  return [`share_fill left out: ${problem}`];
}

/**
 * What one target is asked for.
 * @param request complete.
 */
export function fitToTarget(
  request: SweepRequest,
  announcement: Announcement,
  modelDigest: string,
): FittedRequest {
  const matrix = clone(MatrixSchema, request.matrix ?? create(MatrixSchema));
  const protocol = clone(ProtocolSchema, request.protocol ?? create(ProtocolSchema));
  if (!request.leaveOutMisfits) return { matrix, protocol, notes: [] };
  const model = announcedModel(announcement, modelDigest);
  const notes = [
    ...fitContexts(matrix, model?.trainedContext ?? 0),
    ...fitThreads(matrix, announcement),
    ...fitServerSettings(matrix, protocol, announcement.managedProblem),
    ...fitSharedFills(protocol, announcement),
  ];
  return {
    matrix,
    protocol,
    notes: notes.map((note) => `${announcement.name}, ${model?.name ?? "its model"}: ${note}`),
  };
}
