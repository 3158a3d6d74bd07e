// The end of a quickstart: presets with their evidence, then where the files are.
import { toJson } from "@bufbuild/protobuf";
import { PresetSchema } from "@ozone/proto/preset";
import { SweepSchema } from "@ozone/proto/sweep";
import type { QuickstartResult } from "../quickstart/run-quickstart.ts";
import { cleanText } from "./clean-text.ts";
import { filesText } from "./text-files.ts";
import { presetScreen, presetsInShort } from "./text-presets.ts";
import { wrapText } from "./wrap-text.ts";

/** What stays on the screen. */
export function quickstartText({
  presets,
  sweep,
  written,
  provenance,
  stack,
  running,
}: QuickstartResult): string {
  const notes = sweep.notes.map((note) => `${wrapText(`Note: ${cleanText(note)}`)}\n`).join("");
  const next = running
    ? "Ozone is still running: `ozone preset list`, `ozone sweep run`, `ozone down`.\n"
    : "";
  const engine = stack.engine.notice === "" ? "" : `${wrapText(stack.engine.notice)}\n`;
  return [
    presets.map(presetScreen).join("\n\n"),
    presetsInShort(presets),
    notes,
    filesText(written, provenance),
    engine,
    next,
  ]
    .filter((part) => part !== "")
    .join("\n");
}

/** The same for scripts. */
export function quickstartDocument(
  { presets, sweep, written, running, stack }: QuickstartResult,
  out: string,
) {
  return {
    sweep: toJson(SweepSchema, sweep, { alwaysEmitImplicit: true }),
    presets: presets.map((preset) => toJson(PresetSchema, preset, { alwaysEmitImplicit: true })),
    engine: { url: stack.engine.url, kind: stack.engine.kind, notice: stack.engine.notice },
    out,
    files: [...written],
    running,
  };
}
