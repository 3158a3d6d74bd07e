// A machine's hardware in one line, without anything that says whose it is.
import type { Machine } from "@ozone/proto/machine";
import { type MachineFacts, parseMachineFacts } from "@ozone/shared/machine-facts";
import { formatBytes } from "@ozone/shared/units";
import { cleanText } from "./clean-text.ts";

/** "AMD EPYC, 2 cores, avx512, 24.0 GiB, no GPU, linux x64"; "unknown" when the facts can't be read. */
export function factsWords({ factsJson }: Machine): string {
  const facts = readFacts(factsJson);
  if (facts === null) return "unknown";
  const { cpu, memory, os } = facts;
  const cores = cpu.physicalCores ?? cpu.logicalCores;
  return cleanText(
    [
      cpu.brand,
      cores === null ? "cores unknown" : `${cores} cores`,
      cpu.isaTier === "unknown" ? "instruction set unknown" : cpu.isaTier,
      memory.totalBytes === null ? "memory unknown" : formatBytes(memory.totalBytes),
      gpuWords(facts),
      `${os.family} ${os.arch}`,
      ...(facts.virtualised ? ["virtual machine"] : []),
    ].join(", "),
  );
}

function gpuWords({ gpus }: MachineFacts): string {
  if (gpus === null) return "GPU unknown";
  if (gpus.length === 0) return "no GPU";
  return gpus
    .slice(0, 4)
    .map(({ model, vramBytes }) => (vramBytes === null ? model : `${model} ${formatBytes(vramBytes)}`))
    .join(" + ");
}

function readFacts(json: string): MachineFacts | null {
  try {
    return parseMachineFacts(JSON.parse(json));
  } catch {
    return null; // an agent of another version; the report says unknown
  }
}
