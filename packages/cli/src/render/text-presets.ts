// Presets as text for a terminal: a table of all, and one screen for each.

import type { Provenance } from "@ozone/proto/machine";
import type { Preset } from "@ozone/proto/preset";
import { configurationKey, describeConfiguration, dimensionsOf } from "@ozone/shared/configuration";
import { PROVENANCE_NOTICE, PROVENANCE_WORDS } from "@ozone/shared/provenance";
import { presetId } from "../presets/preset-id.ts";
import { cleanText } from "./clean-text.ts";
import {
  formatFigure,
  formatGain,
  formatRecommendation,
  formatStability,
  formatTried,
  statusWords,
} from "./figures.ts";
import { engineWords, shortDigest } from "./names.ts";
import { textPairs, textTable } from "./text-table.ts";
import { TEXT_WIDTH, wrapText } from "./wrap-text.ts";

/** What to say when there is none. */
export const NO_PRESETS = "There is no preset yet; `ozone sweep run` measures, and presets follow from it.\n";

/** One line per preset, then what kind of numbers these are. */
export function presetsText(presets: readonly Preset[]): string {
  if (presets.length === 0) return NO_PRESETS;
  const columns = [
    { heading: "ID" },
    { heading: "MODEL" },
    { heading: "PURPOSE" },
    { heading: "NUM_CTX", align: "right" },
    { heading: "DECODE [95 % INTERVAL]" },
    { heading: "TTFT [95 % INTERVAL]" },
    { heading: "STATUS" },
    { heading: "PROVENANCE" },
    { heading: "ENGINE" },
    { heading: "HARDWARE CLASS" },
  ] as const;
  const rows = presets.map((preset) => [
    presetId(preset),
    cleanText(preset.modelName, 60),
    cleanText(preset.purpose, 40),
    String(preset.configuration?.numCtx ?? "-"),
    formatFigure(preset.figures?.decodeTokensPerSecond, "t/s"),
    formatFigure(preset.figures?.ttftMs, "ms"),
    statusWords(preset),
    PROVENANCE_WORDS[preset.provenance],
    engineWords(preset.engine),
    preset.hardwareClass,
  ]);
  return textTable(columns, rows) + provenanceLines(presets.map(({ provenance }) => provenance));
}

/** The presets of one quickstart in a table that fits a terminal. */
export function presetsInShort(presets: readonly Preset[]): string {
  const headings = ["PURPOSE", "SET", "DECODE [95 %]", "TTFT [95 %]", "STATUS"];
  const rows = presets.map((preset) => [
    preset.purpose,
    Object.entries(preset.configuration ? dimensionsOf(preset.configuration) : {})
      .filter(([name]) => name !== "num_predict")
      .map(([name, value]) => `${name} ${value}`)
      .join(", "),
    formatFigure(preset.figures?.decodeTokensPerSecond, "t/s"),
    formatFigure(preset.figures?.ttftMs, "ms"),
    statusWords(preset),
  ]);
  return textTable(
    headings.map((heading) => ({ heading })),
    rows,
  );
}

/** The notice of each provenance among the numbers above, after an empty line; nothing when all were measured. */
export function provenanceLines(provenances: readonly Provenance[]): string {
  const notices = [...new Set(provenances)]
    .map((provenance) => PROVENANCE_NOTICE[provenance])
    .filter(Boolean);
  return notices.map((notice) => `\n${wrapText(notice)}\n`).join("");
}

/** One screen: what to set, what it gains, how sure that is, what could go wrong, what it holds for. */
export function presetScreen(preset: Preset): string {
  const title = `${cleanText(preset.purpose)} for ${cleanText(preset.modelName)} (${statusWords(preset)}, ${PROVENANCE_WORDS[preset.provenance]})`;
  const sections = [
    section("What to set", settings(preset)),
    section("What it does", performance(preset)),
    section("Why it may no longer hold", stale(preset)),
    section("What you gain over the default", gains(preset)),
    section("How sure", certainty(preset)),
    section("What could go wrong", warnings(preset)),
    section("What it needs", bullets(preset.extremeTier?.requirements.map(({ words }) => words) ?? [])),
    section("What to do on purpose", bullets(preset.extremeTier?.manualOverride ?? [])),
    section("When it fails", bullets(preset.extremeTier?.recovery.map(({ words }) => words) ?? [])),
    section("Runner-up", runnerUp(preset)),
    section("What it holds for", scope(preset)),
  ];
  return `${title}\n${"=".repeat(title.length)}\n${sections.join("")}`;
}

const section = (heading: string, body: string): string => (body === "" ? "" : `\n${heading}\n${body}`);

const settings = ({ configuration }: Preset): string =>
  configuration
    ? textPairs(
        Object.entries(dimensionsOf(configuration)).map(([name, value]) => [name, String(value)] as const),
        "  ",
      )
    : "  unknown\n";

function performance({ figures, objective }: Preset): string {
  return textPairs(
    [
      ["decode", formatFigure(figures?.decodeTokensPerSecond, "t/s")],
      ["prefill", formatFigure(figures?.prefillTokensPerSecond, "t/s")],
      ["time to first token", formatFigure(figures?.ttftMs, "ms")],
      ["load", formatFigure(figures?.loadMs, "ms")],
      ["chosen for", cleanText(objective) || "not recorded"],
    ],
    "  ",
  );
}

/** Whether the preset chose what an untuned machine uses anyway. */
export const isDefault = ({ configuration, defaultConfiguration }: Preset): boolean =>
  configuration !== undefined &&
  defaultConfiguration !== undefined &&
  configurationKey(configuration) === configurationKey(defaultConfiguration);

function gains(preset: Preset): string {
  if (isDefault(preset)) return "  Nothing: it is the default configuration.\n";
  if (preset.gains.length === 0) return "  Not known: the default configuration was not measured.\n";
  const lines = preset.gains.map((gain) => `  ${formatGain(gain)}\n`);
  const base = preset.defaultConfiguration;
  const against = base ? `  the default here: ${describeConfiguration(base)}\n` : "";
  return lines.join("") + against;
}

function certainty({ stability, figures, evidence, status, recommendation, tried }: Preset): string {
  const samples = figures?.decodeTokensPerSecond;
  return textPairs(
    [
      [
        "status",
        status === "production" ? "production" : "preliminary: not proven stable enough for production",
      ],
      ["stability", formatStability(stability)],
      ["recommendation", cleanText(formatRecommendation(recommendation), 600)],
      ["configurations", formatTried(tried) || "not known"],
      ["samples", samples ? `${samples.n}, interval by ${cleanText(samples.method) || "none"}` : "none"],
      [
        "evidence",
        `${evidence.length === 1 ? "1 attempt" : `${evidence.length} attempts`}: ${evidence
          .slice(0, 4)
          .map((id) => cleanText(id, 80))
          .join(", ")}${evidence.length > 4 ? ", ..." : ""}`,
      ],
    ],
    "  ",
  );
}

const stale = ({ staleBecause }: Preset): string => bullets(staleBecause);

/** The provenance stands in the title, and its notice once below everything. */
function warnings({ warnings: texts, provenance }: Preset): string {
  const own = texts.filter((text) => text !== PROVENANCE_NOTICE[provenance]).map((text) => cleanText(text));
  if (own.length === 0) return "  Nothing known.\n";
  return bullets(own);
}

const bullets = (texts: readonly string[]): string =>
  texts
    .map((text) => `  - ${wrapText(cleanText(text), { width: TEXT_WIDTH - 4, indent: "    " })}\n`)
    .join("");

const runnerUp = ({ runnerUp: second }: Preset): string =>
  second?.configuration
    ? `  ${describeConfiguration(second.configuration)}\n  It lost: ${cleanText(second.whyItLost)}\n`
    : "  None: no other configuration was eligible.\n";

function scope(preset: Preset): string {
  const machines = preset.machineIds.map((id) => cleanText(id, 60));
  return textPairs(
    [
      ["hardware class", cleanText(preset.hardwareClass)],
      ["model digest", shortDigest(preset.modelDigest)],
      ["quantization", cleanText(preset.quantization) || "unknown"],
      ["engine", engineWords(preset.engine)],
      ["machines", `${machines.length}${machines.length > 0 ? `: ${machines.slice(0, 4).join(", ")}` : ""}`],
    ],
    "  ",
  );
}
