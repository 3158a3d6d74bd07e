// Applying and rolling back in words: what will be done, before asking, and what came of it.
import { fromJson, type JsonValue } from "@bufbuild/protobuf";
import { type Figures, FiguresSchema, type Gain, GainSchema, type Preset } from "@ozone/proto/preset";
import { derivedParameters } from "@ozone/shared/derived-model";
import { PROVENANCE_WORDS } from "@ozone/shared/provenance";
import { cleanText } from "./clean-text.ts";
import { formatFigure, formatGain, statusWords } from "./figures.ts";
import { textPairs } from "./text-table.ts";
import { wrapText } from "./wrap-text.ts";

/** What is about to be done. */
export interface PlannedApplication {
  readonly preset: Preset;
  readonly name: string;
  readonly engineUrl: string;
  readonly replace: boolean;
}

/** What a person is shown before being asked. */
export function planText({ preset, name, engineUrl, replace }: PlannedApplication): string {
  const { configuration, modelName, purpose, provenance } = preset;
  const taken = replace
    ? "a model that has this name is kept until you roll back"
    : "only if the name is free";
  return `${textPairs([
    [
      "preset",
      `${cleanText(purpose)} for ${cleanText(modelName)} (${statusWords(preset)}, ${PROVENANCE_WORDS[provenance]})`,
    ],
    ["creates", `the model ${cleanText(name)} on ${cleanText(engineUrl)}, ${taken}`],
    ["with", configuration === undefined ? "nothing" : parameterWords(derivedParameters(configuration))],
    ["promises", promiseWords(preset)],
    ["then", "measures the default and the new model in turns, and keeps it only if the promise holds"],
  ])}`;
}

/** max_context is chosen for room: what its speed is will be said, and judges nothing. */
const promiseWords = ({ purpose, configuration, gains }: Preset): string =>
  purpose === "max_context"
    ? `room: num_ctx ${configuration?.numCtx ?? "unknown"}, filled`
    : gains.map(formatGain).join("; ") || "nothing that was measured";

const parameterWords = (parameters: Readonly<Record<string, number>>): string =>
  Object.entries(parameters)
    .map(([option, value]) => `${option} ${value}`)
    .join(", ");

/** The agent's document about an application, as far as it is printed. */
interface AppliedDocument {
  readonly outcome: string;
  readonly name: string;
  readonly backupName: string | null;
  readonly because: readonly string[];
  readonly promised: readonly JsonValue[];
  readonly measured: readonly JsonValue[];
  readonly figures: { readonly derived: JsonValue; readonly default: JsonValue };
  readonly samples: {
    readonly derived: number;
    readonly default: number;
    readonly refused: number;
    readonly contended: number;
  };
  readonly provenance: string;
}

/** What came of applying. */
export function appliedText(document: unknown): string {
  const { outcome, name, backupName, because, promised, measured, figures, samples, provenance } =
    document as AppliedDocument;
  const kept = outcome === "kept";
  const title = kept
    ? `Kept: ${cleanText(name)} is there now (${provenance}); ask the server for it by this name.`
    : `Rolled back: ${cleanText(name)} was not made (${provenance}).`;
  const taken = samples.derived + samples.default;
  const backup =
    backupName === null
      ? []
      : [["kept aside", `what had the name before, as ${cleanText(backupName)}`] as const];
  return `${title}\n\n${textPairs([
    ["promised", gainWords(promised)],
    ["re-measured", gainWords(measured)],
    ["new model", figureWords(figures.derived)],
    ["default", figureWords(figures.default)],
    [
      "samples",
      `${samples.derived} and ${samples.default}; ${samples.refused} refused, ${samples.contended} of ${taken} while others used the machine`,
    ],
    ...backup,
    ...(kept ? [["undo", `ozone preset rollback ${cleanText(name)}`] as const] : []),
  ])}\n${because.map((sentence) => `${wrapText(cleanText(sentence, 600))}\n`).join("")}`;
}

const gainWords = (gains: readonly JsonValue[]): string =>
  gains
    .map((gain): Gain => fromJson(GainSchema, gain))
    .map(formatGain)
    .join("; ") || "no gain in speed";

function figureWords(json: JsonValue): string {
  if (json === null) return "not measured";
  const figures: Figures = fromJson(FiguresSchema, json);
  return `decode ${formatFigure(figures.decodeTokensPerSecond, "t/s")}; time to first token ${formatFigure(figures.ttftMs, "ms")}`;
}

/** What came of rolling back. */
export function rolledBackText(document: unknown): string {
  const { name, restored } = document as { name: string; restored: string | null };
  const now = restored === null ? "it is gone" : `it has the digest ${restored.slice(0, 12)} again`;
  return `Rolled back: ${cleanText(name)} is what it was before, ${now}.\n`;
}
