// Figures in words: never without their number of samples, and with their interval or the statement that there is
// none. Only formatting: every number here was computed elsewhere.
import type {
  Figure,
  Gain,
  Preset,
  Recommendation,
  RecommendationCounts,
  Stability,
} from "@ozone/proto/preset";
import { metricWords } from "@ozone/shared/metric-words";

/** Units of figures, as printed. */
export type Unit = "t/s" | "ms";

/** "1 234", "123.4", "45.6", "7.89": four significant digits at most, whole from a thousand on. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return "unknown";
  const size = Math.abs(value);
  if (size >= 1000) return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, " ");
  if (size >= 100) return value.toFixed(1);
  if (size >= 10) return value.toFixed(1);
  return value.toFixed(2);
}

/** Milliseconds as a person reads them: "850 ms", "2.45 s". */
export function formatMs(ms: number): string {
  if (!Number.isFinite(ms)) return "unknown";
  return isBelowSecond(ms) ? `${wholeMs(ms)} ms` : `${seconds(ms)} s`;
}

// From here on it would be written as "1000 ms".
const isBelowSecond = (ms: number): boolean => ms < 999.5;

const wholeMs = (ms: number): string => (ms < 9.95 ? ms.toFixed(1) : String(Math.round(ms)));

const seconds = (ms: number): string => (ms / 1000).toFixed(ms < 9995 ? 2 : 1);

/** "[120.1, 126.0]" in the unit that the median is written in, or that there is no interval. */
export function formatInterval(figure: Pick<Figure, "median" | "ciLow" | "ciHigh">, unit: Unit): string {
  const { median, ciLow, ciHigh } = figure;
  if (ciLow === undefined || ciHigh === undefined) return "(no interval)";
  const inSeconds = unit === "ms" && !isBelowSecond(median);
  const inUnit = (value: number) =>
    inSeconds ? seconds(value) : unit === "ms" ? wholeMs(value) : formatNumber(value);
  return `[${inUnit(ciLow)}, ${inUnit(ciHigh)}]`;
}

/** "123.4 t/s [120.1, 126.0], n 6", "2.64 s [2.56, 2.70], n 6"; "not measured" without a sample. */
export function formatFigure(
  figure: Pick<Figure, "median" | "ciLow" | "ciHigh" | "n"> | undefined,
  unit: Unit,
): string {
  if (!figure || figure.n === 0) return "not measured";
  const median = unit === "ms" ? formatMs(figure.median) : `${formatNumber(figure.median)} ${unit}`;
  return `${median} ${formatInterval(figure, unit)}, n ${figure.n}`;
}

/** "decode rate: 1.18 times the default's [1.10, 1.26], better". */
export function formatGain({ metric, ratio, ciLow, ciHigh, verdict }: Gain): string {
  const interval =
    ciLow === undefined || ciHigh === undefined
      ? "(no interval)"
      : `[${ciLow.toFixed(2)}, ${ciHigh.toFixed(2)}]`;
  return `${metricWords(metric)}: ${ratio.toFixed(2)} times the default's ${interval}, ${verdict || "undecided"}`;
}

/** The server's words about stability; never a bare percentage. */
export const formatStability = (stability: Stability | undefined): string =>
  stability?.words || "not known: no confirmed runs";

/** "extreme: not proven stable: 3/3, ..."; what an older coordinator chose carries none. */
export const formatRecommendation = (recommendation: Recommendation | undefined): string =>
  recommendation ? `${recommendation.verdict}: ${recommendation.reason}` : "not known";

/** "12 tried: 1 production, 3 extreme, 8 excluded"; empty when not known. */
export const formatTried = (tried: RecommendationCounts | undefined): string =>
  tried
    ? `${tried.production + tried.extreme + tried.excluded} tried: ${tried.production} production, ${tried.extreme} extreme, ${tried.excluded} excluded`
    : "";

/** "preliminary" unless the preset says that it is production: what is not proven says so. */
export const proofWords = ({ status }: Pick<Preset, "status">): string => status || "preliminary";

/** The same for people, who must see as well that a preset may no longer hold. */
export const statusWords = (preset: Pick<Preset, "status" | "staleBecause">): string =>
  `${proofWords(preset)}${preset.staleBecause.length > 0 ? ", stale" : ""}`;
