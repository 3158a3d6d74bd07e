// Advice on a machine's models: a table, why what is unknown is so, and what the comparison leaves out.
import type { Machine } from "@ozone/proto/machine";
import type { ModelAdvice, ModelSpeed } from "@ozone/shared/model-advice";
import type { ModelRoom } from "@ozone/shared/model-room";
import { PROVENANCE_WORDS } from "@ozone/shared/provenance";
import { formatBytes } from "@ozone/shared/units";
import { cleanText } from "./clean-text.ts";
import { formatFigure, formatNumber } from "./figures.ts";
import { provenanceLines } from "./text-presets.ts";
import { textTable } from "./text-table.ts";
import { wrapText } from "./wrap-text.ts";

/** Stands in every answer, of whatever form. */
export const ADVICE_COVERS =
  "This compares speed and room only. It says nothing about the quality of answers: smaller models and coarser quantizations are usually faster, and may answer worse.";
const COLUMNS = ["MODEL", "QUANT", "WEIGHTS", "ROOM", "BASIS", "NUM_CTX", "DECODE", "TTFT", "PROVENANCE"];
const TABLE_MEANS =
  "Models are listed with measured ones first; rates at different NUM_CTX do not compare, and intervals that overlap show no difference. ROOM is weights and cache at f16 of a context that suits the purpose. PROVENANCE is that of the model here.";

/** The whole answer. */
export function adviceText(machine: Machine, purpose: string, models: readonly ModelAdvice[]): string {
  const name = `${cleanText(machine.name, 60)} (${cleanText(machine.id, 60)}, ${cleanText(machine.hardwareClass)})`;
  if (models.length === 0) return `${name} has no model installed.\n`;
  const table = textTable(
    COLUMNS.map((heading) => ({ heading })),
    models.map(row),
  );
  const notes = models.flatMap(noteOf).map((note) => `${wrapText(note)}\n`);
  return (
    `${name}: models for ${purpose}\n\n${table}\n${notes.join("")}${notes.length > 0 ? "\n" : ""}` +
    `${wrapText(TABLE_MEANS)}\n${wrapText(ADVICE_COVERS)}\n` +
    provenanceLines(models.map(({ provenance }) => provenance))
  );
}

/** The same for scripts. */
export const adviceDocument = (machine: Machine, purpose: string, models: readonly ModelAdvice[]) => ({
  machineId: machine.id,
  hardwareClass: machine.hardwareClass,
  purpose,
  covers: ADVICE_COVERS,
  models: models.map((model) => ({ ...model, provenance: PROVENANCE_WORDS[model.provenance] })),
});

const row = ({ modelName, quantization, weightBytes, room, speed, provenance }: ModelAdvice): string[] => [
  cleanText(modelName, 60),
  cleanText(quantization, 20) || "unknown",
  weightBytes > 0 ? formatBytes(weightBytes) : "unknown",
  roomWords(room),
  basisWords(speed),
  speed.basis === "unknown" ? "-" : String(speed.numCtx),
  decodeWords(speed),
  speed.basis === "measured" ? formatFigure(speed.ttft ?? undefined, "ms") : "unknown",
  PROVENANCE_WORDS[provenance],
];

const roomWords = ({ word, needBytes, ofBytes, numCtx }: ModelRoom): string =>
  needBytes === null
    ? word
    : `${word}: ${formatBytes(needBytes)} of ${ofBytes === null ? "unknown" : formatBytes(ofBytes)} at ${numCtx}`;

function basisWords(speed: ModelSpeed): string {
  if (speed.basis !== "measured") return speed.basis;
  const status = speed.status === "production" ? "production" : "preliminary";
  return `measured, ${status}${speed.staleBecause.length > 0 ? ", stale" : ""}`;
}

function decodeWords(speed: ModelSpeed): string {
  if (speed.basis === "measured") return formatFigure(speed.decode, "t/s");
  if (speed.basis === "unknown") return "unknown";
  const { tokensPerSecond, low, high } = speed;
  return `about ${formatNumber(tokensPerSecond)} t/s (${formatNumber(low)} to ${formatNumber(high)})`;
}

function noteOf({ modelName, speed }: ModelAdvice): string[] {
  const name = cleanText(modelName, 60);
  if (speed.basis === "unknown") return [`${name}: unknown. ${speed.reason}`];
  if (speed.basis === "measured") {
    const elsewhere = speed.onThisMachine ? [] : [`${name}: measured on another machine of this class.`];
    return [...elsewhere, ...speed.staleBecause.map((why) => `${name}: stale. ${cleanText(why)}`)];
  }
  const { fromModel, fromSamples, bytesRatio, checkedOn } = speed;
  const check = checkedOn === 0 ? "no other measured model" : `${checkedOn} other measured`;
  return [
    `${name}: predicted, not measured: it reads ${bytesRatio.toFixed(2)} times the bytes of ${cleanText(fromModel, 60)} (n ${fromSamples}) for each token; held against ${check}.`,
  ];
}
