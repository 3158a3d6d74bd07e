// Preset documents as YAML: small maps and intervals on one line, and a head that says how to apply a preset.
import { Document, isMap, isPair, isScalar, isSeq, visit } from "yaml";
import type { PlainDocument } from "./preset-document.ts";

const HEAD = ` Presets by Ozone. Apply one: send its num_* values as "options" of a request to Ollama, or write them as
 "PARAMETER num_ctx 4096" lines into a Modelfile. kv_cache_type and flash_attention are settings of the server
 (OLLAMA_KV_CACHE_TYPE, OLLAMA_FLASH_ATTENTION). Undo: leave the options out again.
 status "preliminary" means: measured, but not often enough to call it stable.`;

/** Maps that fit on a line and are read as one thing. */
const ON_ONE_LINE = /^(performance|default|set|decode_tokens_per_second|ttft_ms)$/;

/** One YAML document. */
export function presetYaml(content: PlainDocument): string {
  const document = new Document(content);
  document.commentBefore = HEAD;
  visit(document, {
    Pair(_, pair) {
      if (
        isSeq(pair.value) &&
        pair.value.items.every((item) => !isMap(item)) &&
        /_?ci95$/.test(String(pair.key))
      ) {
        pair.value.flow = true;
      }
      if (isScalar(pair.key) && pair.key.value === "stale_because") {
        pair.key.commentBefore =
          " Stale: something changed since this was measured; measure again before relying on it.";
      }
      if (isMap(pair.value) && ON_ONE_LINE.test(String(pair.key))) pair.value.flow = true;
      return isPair(pair) ? undefined : visit.SKIP;
    },
  });
  return document.toString({ lineWidth: 110, flowCollectionPadding: false });
}
