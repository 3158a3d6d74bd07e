// What the API tells about a model file: Ollama's `details` and `model_info`. Pure.
import { fileTypeNames } from "../gguf/format.ts";
import type { GgufHeader } from "../gguf/read.ts";
import { humanCount } from "../human-numbers.ts";
import { seedKey } from "../synthetic/content.ts";
import { syntheticFamily } from "../synthetic/presets.ts";

/** Ollama's ModelDetails. */
export interface ModelDetails {
  readonly parent_model: string;
  readonly format: "gguf";
  readonly family: string;
  readonly families: readonly string[];
  readonly parameter_size: string;
  readonly quantization_level: string;
}

/** The details of a file. Generated files belong to their own family, so that no output can pass them off as a model. */
export function detailsOf(header: GgufHeader): ModelDetails {
  const synthetic = header.metadata.has(seedKey);
  const family = synthetic
    ? syntheticFamily
    : String(header.metadata.get("general.architecture") ?? "unknown");
  const fileType = header.metadata.get("general.file_type");
  return {
    parent_model: "",
    format: "gguf",
    family,
    families: [family],
    parameter_size: humanCount(parameterCount(header)),
    quantization_level: (typeof fileType === "number" && fileTypeNames.get(fileType)) || "unknown",
  };
}

/** The metadata as /api/show gives it: arrays are null, the name and the chat template stand elsewhere. */
export function modelInfoOf(header: GgufHeader): Record<string, unknown> {
  const info: Record<string, unknown> = { "general.parameter_count": parameterCount(header) };
  for (const [key, value] of header.metadata) {
    if (key === "general.name" || key === "tokenizer.chat_template") continue;
    info[key] = typeof value === "object" ? null : value;
  }
  return info;
}

/** The context length that the model was trained for; undefined if the file does not say. */
export function trainedContextLengthOf(header: GgufHeader): number | undefined {
  const architecture = String(header.metadata.get("general.architecture") ?? "");
  const length = header.metadata.get(`${architecture}.context_length`);
  return typeof length === "number" && length > 0 ? length : undefined;
}

function parameterCount(header: GgufHeader): number {
  return header.tensors.reduce(
    (sum, { shape }) => sum + shape.reduce((product, length) => product * length, 1),
    0,
  );
}
