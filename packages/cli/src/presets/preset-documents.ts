// Presets of any number of models as plain documents, one per model.
import type { Preset } from "@ozone/proto/preset";
import { type PlainDocument, presetsDocument } from "../render/preset-document.ts";
import { inReadingOrder } from "./preset-order.ts";

/** In the order of the alphabet. */
export function presetDocuments(presets: readonly Preset[]): PlainDocument[] {
  const ordered = inReadingOrder(presets);
  const names = [...new Set(ordered.map(({ modelName }) => modelName))];
  return names.flatMap((name) => {
    const ours = ordered.filter(({ modelName }) => modelName === name);
    const document = presetsDocument(name, ours);
    return document ? [document] : [];
  });
}
