// Presets as text for a terminal: a table of all, and one screen for each.

import type { Configuration } from "@ozone/proto/configuration";
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

/** One screen: what to set, what it gains, how sure that is, what could go wrong, why this one, what it holds for. */
export function presetScreen(preset: Preset): string {
  const title = `${cleanText(preset.purpose)} for ${cleanText(preset.modelName)} (${statusWords(preset)}, ${PROVENANCE_WORDS[preset.provenance]})`;
  const { extremeTier: tier } = preset;
  const sections = [
    section("What to set", paragraph(configurationWords(preset.configuration))),
    section("What it does, with the context filled", performance(preset)),
    section("Why it may no longer hold", bullets(preset.staleBecause)),
    section("What you gain over the default", gains(preset)),
    section("How sure", certainty(preset)),
    section("What could go wrong", warnings(preset)),
    section("What it needs", bullets(tier?.requirements.map(({ words }) => words) ?? [])),
    section("What to do on purpose", bullets(tier?.manualOverride ?? [])),
    section("When it fails", bullets(tier?.recovery.map(({ words }) => words) ?? [])),
    section("Why this one", choice(preset)),
    section("What it holds for", scope(preset)),
  ];
  return `${title}\n${"=".repeat(title.length)}\n${sections.join("")}`;
}

const section = (heading: string, body: string): string => (body === "" ? "" : `\n${heading}\n${body}`);

const paragraph = (text: string): string => `  ${wrapText(text, { width: TEXT_WIDTH - 2, indent: "  " })}\n`;

const configurationWords = (configuration: Configuration | undefined): string =>
  configuration ? describeConfiguration(configuration) : "unknown";

const performance = ({ figures }: Preset): string =>
  textPairs(
    [
      ["decode", formatFigure(figures?.decodeTokensPerSecond, "t/s")],
      ["prefill", formatFigure(figures?.prefillTokensPerSecond, "t/s")],
      ["time to first token", formatFigure(figures?.ttftMs, "ms")],
      ["load", formatFigure(figures?.loadMs, "ms")],
    ],
    "  ",
  );

/** Whether the preset chose what an untuned machine uses anyway. */
export const isDefault = ({ configuration, defaultConfiguration }: Preset): boolean =>
  configuration !== undefined &&
  defaultConfiguration !== undefined &&
  configurationKey(configuration) === configurationKey(defaultConfiguration);

function gains(preset: Preset): string {
  if (isDefault(preset)) return "  Nothing: it is the default configuration.\n";
  if (preset.gains.length === 0) return "  Not known: the default configuration was not measured.\n";
  const lines = preset.gains.map((gain) => paragraph(formatGain(gain)));
  const base = preset.defaultConfiguration;
  const words = base && `the default here: ${describeConfiguration(base)}${roomWords(preset)}`;
  return lines.join("") + (words ? paragraph(words) : "");
}

/** Both are measured with the context filled, so that some of a gain or a loss is the size of the context. */
function roomWords({ configuration, defaultConfiguration }: Preset): string {
  const times = (configuration?.numCtx ?? 0) / (defaultConfiguration?.numCtx ?? 0);
  if (!(times > 0) || times === 1 || !Number.isFinite(times)) return "";
  const [room, by] = times < 1 ? ["less room", "gain"] : ["more room", "cost"];
  return `; ${Number(times.toPrecision(2))} times its context is ${room}, and part of the ${by} in speed`;
}

/** The reason of a recommendation has the words about stability in it; without one they stand alone. */
function certainty({ stability, status, recommendation, tried }: Preset): string {
  if (!recommendation) {
    const words =
      status === "production" ? "production" : "preliminary: not proven stable enough for production";
    return textPairs(
      [
        ["status", words],
        ["stability", formatStability(stability)],
      ],
      "  ",
    );
  }
  return textPairs(
    [
      ["verdict", cleanText(formatRecommendation(recommendation), 700)],
      ["of all", formatTried(tried) || "not known"],
    ],
    "  ",
  );
}

/** The provenance stands in the title, and its notice once below everything. */
function warnings({ warnings: texts, provenance }: Preset): string {
  const own = texts.filter((text) => text !== PROVENANCE_NOTICE[provenance]);
  return own.length === 0 ? "  Nothing known.\n" : bullets(own);
}

const bullets = (texts: readonly string[]): string =>
  texts
    .map((text) => `  - ${wrapText(cleanText(text), { width: TEXT_WIDTH - 4, indent: "    " })}\n`)
    .join("");

const choice = ({ objective, runnerUp: second }: Preset): string =>
  textPairs(
    [
      ["chosen for", cleanText(objective) || "not recorded"],
      [
        "runner-up",
        second?.configuration ? describeConfiguration(second.configuration) : "none was eligible",
      ],
      ...(second?.configuration ? [["it lost", cleanText(second.whyItLost)] as const] : []),
    ],
    "  ",
  );

function scope(preset: Preset): string {
  const { machineIds, evidence } = preset;
  const machines = machineIds.slice(0, 4).map((id) => cleanText(id, 60));
  const more = machineIds.length > machines.length ? " and others" : "";
  const attempts = `${evidence.length} ${evidence.length === 1 ? "attempt" : "attempts"}`;
  return textPairs(
    [
      ["class, engine", `${cleanText(preset.hardwareClass)}, ${engineWords(preset.engine)}`],
      [
        "model",
        `${shortDigest(preset.modelDigest)}, ${cleanText(preset.quantization) || "quantization unknown"}`,
      ],
      ["measured", `${attempts} on ${machines.join(", ") || "no known machine"}${more}`],
    ],
    "  ",
  );
}
