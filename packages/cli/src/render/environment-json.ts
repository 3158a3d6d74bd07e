// env/<machine id>.json: what the machine is, without anything that says whose it is: no host name, no user name, no
// serial number, no path of a home folder.

import type { Machine } from "@ozone/proto/machine";
import { parseMachineFacts } from "@ozone/shared/machine-facts";
import { ownerCleaner } from "@ozone/shared/without-owner";
import { jsonText } from "./json-text.ts";
import { engineWords } from "./names.ts";

/** One machine as JSON text; of its models only those that the report is about. */
export function environmentJson(machine: Machine, modelNames: ReadonlySet<string>): string {
  const document = {
    machine_id: machine.id,
    hardware_class: machine.hardwareClass,
    agent_version: machine.agentVersion,
    engine: engineWords(machine.engine),
    engine_default_threads: machine.defaultThreads || null,
    models: machine.models
      .filter(({ name }) => modelNames.has(name))
      .map((model) => ({
        name: model.name,
        digest: model.digest,
        size_bytes: Number(model.sizeBytes),
        family: model.family,
        parameter_size: model.parameterSize,
        quantization: model.quantization,
        trained_context: model.trainedContext || null,
        synthetic: model.synthetic,
      })),
    ...factsOf(machine),
  };
  return `${jsonText(document)}\n`;
}

function factsOf({ factsJson, name }: Machine): { facts: unknown; facts_problem?: string } {
  try {
    const { os, cpu, memory, gpus, virtualised, powerSource, numaNodes, notes } = parseMachineFacts(
      JSON.parse(factsJson),
    );
    // Named one by one: the host's id, though a hash, would tie files of one host together.
    const facts = { os, cpu, memory, gpus, virtualised, powerSource, numaNodes };
    return { facts: { ...facts, notes: notes.map(ownerCleaner({ machineNames: [name] })) } };
  } catch {
    // The reason may quote the facts themselves, names and all; it stays out of a file that is passed on.
    return {
      facts: null,
      facts_problem: "The facts could not be read; the agent may be of another version.",
    };
  }
}
