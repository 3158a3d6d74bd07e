// Presets of any number of models as plain documents, one per model.
import type { Preset } from "@ozone/proto/preset";
import { type PlainDocument, presetsDocument } from "../render/preset-document.ts";

/** In the order of the alphabet. */
export function presetDocuments(presets: readonly Preset[]): PlainDocument[] {
  const names = [...new Set(presets.map(({ modelName }) => modelName))].sort();
  return names.flatMap((name) => {
    const ours = presets.filter(({ modelName }) => modelName === name);
    const document = presetsDocument(name, ours);
    return document ? [document] : [];
  });
}
