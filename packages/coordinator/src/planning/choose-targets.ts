// Which models each machine of a sweep measures: the request against what is there. Pure.
import type { Model } from "@ozone/proto/machine";
import type { SweepRequest } from "@ozone/proto/sweep";
import { OzoneError } from "@ozone/shared/errors";
import { quoted, someOf } from "@ozone/shared/name-lists";
import { featureProblem } from "@ozone/shared/protocol-version";
import type { MachineRow } from "../store/machines.ts";
import { chooseMachines } from "./choose-machines.ts";

/** One machine and one of its models. */
export interface Target {
  readonly machineId: string;
  readonly modelName: string;
  readonly modelDigest: string;
}

const refuse = (sentence: string): never => {
  throw new OzoneError("invalid_input", sentence);
};

/** "llama3" means "llama3:latest", as for Ollama. */
const namesMatch = (asked: string, { name }: Model): boolean => name === asked || name === `${asked}:latest`;

/** The smallest that is not loaded by somebody, else the smallest: a sweep must not disturb more than it needs. */
function smallestModel(models: readonly Model[]): Model | undefined {
  const bySize = [...models].sort((a, b) => Number(a.sizeBytes - b.sizeBytes) || (a.name < b.name ? -1 : 1));
  return bySize.find(({ loaded }) => !loaded) ?? bySize[0];
}

function modelsOn(machine: MachineRow, request: SweepRequest): Model[] {
  const { models } = machine.announcement;
  if (request.models.length > 0) {
    return request.models.flatMap((asked) => models.find((model) => namesMatch(asked, model)) ?? []);
  }
  const smallest = smallestModel(models);
  return smallest ? [smallest] : [];
}

/** Misfits that are left out per target are no reason to refuse a sweep. */
function checkContexts(request: SweepRequest, models: readonly Model[]): void {
  if (request.leaveOutMisfits) return;
  for (const { name, trainedContext } of models) {
    const beyond = (request.matrix?.numCtx ?? []).find(
      (numCtx) => trainedContext > 0 && numCtx > trainedContext,
    );
    if (beyond !== undefined) {
      refuse(
        `num_ctx ${beyond} is beyond the ${trainedContext} tokens that ${name} was trained for (Ollama would cut it in silence); use at most ${trainedContext}.`,
      );
    }
  }
}

/** A machine that can't start servers says why; others may still be measured. */
function checkManaged(request: SweepRequest, machines: readonly MachineRow[]): void {
  if (request.protocol?.managed !== true || request.leaveOutMisfits) return;
  const closed = machines.find(({ announcement }) => announcement.managedProblem !== "");
  if (closed === undefined) return;
  const { name, managedProblem } = closed.announcement;
  refuse(
    `${name} can't start an Ollama server of its own, which kv_cache_type, flash_attention and managed sweeps need: ${managedProblem} Or leave that machine out (--machine).`,
  );
}

/** Shorter answers behind a fill are asked for in orders that older agents read without them. */
function checkSharedFills(request: SweepRequest, machines: readonly MachineRow[]): void {
  if (request.protocol?.shareFill !== true || request.leaveOutMisfits) return;
  for (const { announcement } of machines) {
    const problem = featureProblem(announcement, "shared fills");
    if (problem !== null) refuse(`${problem} Or switch share_fill off.`);
  }
}

/**
 * The targets of a sweep.
 * @throws OzoneError invalid_input with one sentence when a model or machine isn't there or a context is impossible.
 */
export function chooseTargets(request: SweepRequest, online: readonly MachineRow[]): Target[] {
  const machines = chooseMachines(request, online);
  checkManaged(request, machines);
  checkSharedFills(request, machines);
  const everywhere = machines.flatMap(({ announcement }) => announcement.models);
  const missing = request.models.filter((asked) => !everywhere.some((model) => namesMatch(asked, model)));
  if (missing.length > 0) {
    const installed = [...new Set(everywhere.map(({ name }) => name))].sort();
    refuse(
      `Model ${quoted(missing)} is not installed on any of these machines; installed: ${someOf(installed) || "none"}. Pull it with \`ollama pull\`, or choose another.`,
    );
  }
  const targets = machines.flatMap((machine) => {
    const models = modelsOn(machine, request);
    checkContexts(request, models);
    return models.map(({ name, digest }) => ({
      machineId: machine.id,
      modelName: name,
      modelDigest: digest,
    }));
  });
  if (targets.length === 0) refuse("No machine that is online has a model; pull one with `ollama pull`.");
  // Two tags of one digest are one model.
  const seen = new Map(targets.map((target) => [`${target.machineId} ${target.modelDigest}`, target]));
  return [...seen.values()];
}
