// What to tell a person whose sweep has a key that nobody knows: the seed's names above all, which Ollama ignores.
import { closestName } from "./closest-name.ts";

/** Keys of other tools and of the old one, with what they are here. Written as the rest of: "KEY" ... */
const KNOWN_MISTAKES: Readonly<Record<string, string>> = {
  batch: "is ignored by Ollama; its name is num_batch",
  batch_size: "is ignored by Ollama; its name is num_batch",
  f16_kv:
    "no longer exists in Ollama (removed in 0.7); use kv_cache_type: f16 where it was true, or q8_0 or q4_0 for a smaller cache",
  kv_type: "is not an option; use kv_cache_type",
  context: "is not an option; Ollama's name is num_ctx",
  context_length: "is not an option; Ollama's name is num_ctx",
  ctx: "is not an option; Ollama's name is num_ctx",
  n_ctx: "is llama.cpp's name; Ollama's is num_ctx",
  n_batch: "is llama.cpp's name; Ollama's is num_batch",
  threads: "is not an option; Ollama's name is num_thread",
  n_gpu_layers: "is llama.cpp's name; Ollama's is num_gpu",
  max_tokens: "is not an option; Ollama's name is num_predict",
  model: "is not a key; use models, with one name or a list",
  machine: "is not a key; use machines, with one name or a list",
  tag: "is not a key; use tags, with one tag or a list",
  class: "is not a key; use classes, with one hardware class or a list",
  runs: "is not a key; use repetitions",
  low_vram: "no longer exists in Ollama (removed in 0.7); use num_gpu",
};

/** Where the key stands, and the names that would be right. */
export interface KeyPlace {
  readonly inMatrix: boolean;
  readonly keys: { readonly sweep: readonly string[]; readonly matrix: readonly string[] };
}

/** One sentence about an unknown key: why not, and what was probably meant. */
export function explainUnknownKey(key: string, { inMatrix, keys }: KeyPlace): string {
  const shown = JSON.stringify(key.slice(0, 64));
  const wanted = inMatrix ? keys.matrix : keys.sweep;
  const mistake = Object.hasOwn(KNOWN_MISTAKES, key) ? KNOWN_MISTAKES[key] : undefined;
  if (mistake) return `${shown} ${mistake}`;
  const elsewhere = inMatrix ? keys.sweep : keys.matrix;
  if (elsewhere.includes(key)) {
    return inMatrix
      ? `${shown} does not belong under "matrix"; move it to the top of the file`
      : `${shown} is a dimension of the matrix; move it under "matrix:"`;
  }
  const meant = closestName(key, wanted);
  if (meant) return `${shown} is not known; did you mean ${meant}?`;
  return `${shown} is not known; ${inMatrix ? "a matrix" : "a sweep"} has ${wanted.join(", ")}`;
}
