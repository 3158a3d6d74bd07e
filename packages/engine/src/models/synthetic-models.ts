// Makes sure that the synthetic models exist in a store, generating what is missing or damaged.
import { writeGguf } from "../gguf/write.ts";
import type { Log } from "../log.ts";
import { seedKey, syntheticContent } from "../synthetic/content.ts";
import { presets, type SyntheticPreset, syntheticFamily } from "../synthetic/presets.ts";
import type { ModelName } from "./model-name.ts";
import type { ModelStore } from "./model-store.ts";

/** The name of a preset's model. */
export function syntheticName(preset: SyntheticPreset): ModelName {
  return `${syntheticFamily}:${preset.tag}` as ModelName;
}

/** Generates every offered preset whose model is missing, from an older seed, or in a file that no longer has its digest. */
export async function ensureSyntheticModels(store: ModelStore, log: Log): Promise<void> {
  for (const preset of [...presets.values()].filter(({ offered }) => offered)) {
    const name = syntheticName(preset);
    const existing = store.find(name);
    const current = existing?.header.metadata.get(seedKey) === preset.seed;
    if (existing && current && (await store.blobs.isIntact(existing.blob))) continue;
    const startedMs = performance.now();
    const blob = store.blobs.write(writeGguf(syntheticContent(preset)));
    store.save(name, { blob, parameters: {}, system: "" });
    log("INFO", "synthetic model generated", { name, blob, ms: Math.round(performance.now() - startedMs) });
  }
}
