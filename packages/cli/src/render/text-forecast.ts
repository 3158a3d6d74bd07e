// What a sweep would take, as one screen of text: an estimate with its range and what it rests on, or "unknown".
import {
  type CacheForecast,
  type ContextForecast,
  type DurationForecast,
  ForecastBasis,
  MemoryFit,
  type PlanSweepResponse,
  type TargetForecast,
} from "@ozone/proto/sweep_service";
import { formatBytes } from "@ozone/shared/units";
import { cleanText } from "./clean-text.ts";
import { type Column, textPairs, textTable } from "./text-table.ts";
import { wrapText } from "./wrap-text.ts";

/** More targets than this are many screens. */
const SHOWN_MAX = 5;

const FITS: Readonly<Record<MemoryFit, string>> = {
  [MemoryFit.UNSPECIFIED]: "unknown",
  [MemoryFit.UNKNOWN]: "unknown",
  [MemoryFit.FITS]: "fits",
  [MemoryFit.TIGHT]: "tight",
  [MemoryFit.TOO_LARGE]: "too large",
};

/** "850 ms", "45 s", "12 min", "3 h 05 min", "2 d 4 h": an estimate has no more digits than it deserves. */
export function roughDuration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (seconds < 10) return `${(ms / 1000).toFixed(1)} s`;
  if (seconds < 120) return `${seconds} s`;
  const minutes = Math.round(ms / 60_000);
  if (minutes < 120) return `${minutes} min`;
  if (minutes < 2880) return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} min`;
  const hours = Math.round(ms / 3_600_000);
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** "about 12 min (8 min to 25 min)". */
const durationWords = ({ lowMs, likelyMs, highMs }: DurationForecast): string =>
  `about ${roughDuration(likelyMs)} (${roughDuration(lowMs)} to ${roughDuration(highMs)})`;

/** What the estimate rests on. */
function basisWords({ basis, earlierResults }: TargetForecast): string {
  if (basis === ForecastBasis.RESULTS)
    return `from ${earlierResults} earlier ${earlierResults === 1 ? "result" : "results"}`;
  return basis === ForecastBasis.BANDWIDTH ? "a guess from memory bandwidth" : "the time box";
}

function timeWords(target: TargetForecast): string {
  const { duration, basis } = target;
  if (!duration) {
    return "unknown: this machine has not measured this model yet, and there is no ground for a guess";
  }
  if (basis === ForecastBasis.TIME_BOX) {
    const over = duration.highMs > duration.likelyMs ? ", and the trial that runs then is finished" : "";
    return `at most ${roughDuration(duration.likelyMs)}: a time box${over}`;
  }
  return `${durationWords(duration)}, ${basisWords(target)}`;
}

/** "12", "12 to 20". */
const span = (min: number, max: number): string => (min === max ? String(min) : `${min} to ${max}`);

function countWords({ configurations, measuredMin, measuredMax, samples }: TargetForecast): string {
  if (measuredMin === undefined || measuredMax === undefined) return "as many as the time box has room for";
  const each = samples === 1 ? "1 sample each" : `${samples} samples each`;
  const all = measuredMin === configurations;
  const how = all ? "all measured" : `${span(measuredMin, measuredMax)} of them measured`;
  return `${configurations} with the default, ${how}, ${each}`;
}

const trialWords = ({ trialsMin, trialsMax }: TargetForecast): string =>
  trialsMin === undefined || trialsMax === undefined
    ? "not known before"
    : `${span(trialsMin, trialsMax)}, drift references and confirmations included`;

/** "7.4 MiB", or with its type where one was asked for: "q8_0 5.5 MiB". */
const needWords = ({ kvCacheType, needBytes }: CacheForecast): string =>
  [
    ...(kvCacheType === "" ? [] : [cleanText(kvCacheType)]),
    needBytes === undefined ? "unknown" : formatBytes(Number(needBytes)),
  ].join(" ");

/** One word where it holds for every type, else a word for each. */
function fitWords({ caches }: ContextForecast): string {
  const words = [...new Set(caches.map(({ fit }) => FITS[fit]))];
  if (words.length === 1) return words[0] ?? "unknown";
  return caches
    .map(({ kvCacheType, fit }) => `${cleanText(kvCacheType) || "server's"} ${FITS[fit]}`)
    .join(", ");
}

/** A column and what stands in it. */
interface ContextColumn extends Column {
  readonly cell: (row: ContextForecast) => string;
}

/** What is the same for all rows has no column. */
function contextTable(contexts: readonly ContextForecast[]): string {
  const hasRequests = contexts.some(({ concurrency }) => concurrency > 1);
  const right = { align: "right" } as const;
  const columns: ContextColumn[] = [
    { heading: "NUM_CTX", ...right, cell: ({ numCtx }) => String(numCtx) },
    ...(hasRequests
      ? [{ heading: "REQUESTS", ...right, cell: (row: ContextForecast) => String(row.concurrency) }]
      : []),
    { heading: "CONFIGURATIONS", ...right, cell: ({ configurations }) => String(configurations) },
    { heading: "ONE FILL", cell: ({ fill }) => (fill ? durationWords(fill) : "unknown") },
    { heading: "WEIGHTS + CACHE", cell: ({ caches }) => caches.map(needWords).join(", ") },
    { heading: "MEMORY", cell: fitWords },
  ];
  return textTable(
    columns,
    contexts.map((row) => columns.map(({ cell }) => cell(row))),
  );
}

function targetText(target: TargetForecast): string {
  const pairs = textPairs(
    [
      ["configurations", countWords(target)],
      ["trials", trialWords(target)],
      ["measuring time", timeWords(target)],
      [
        "memory",
        target.memoryBytes === undefined ? "unknown" : `${formatBytes(Number(target.memoryBytes))} in all`,
      ],
      ...target.notes.map((note) => ["note", cleanText(note, 600)] as const),
    ],
    "  ",
  );
  const table = contextTable(target.contexts).replaceAll(/^(?=.)/gm, "  ");
  return `${cleanText(target.machineName)}, ${cleanText(target.modelName)}\n${pairs}\n${table}`;
}

function totalWords({ targets, targetsTotal, duration }: PlanSweepResponse): string {
  if (targetsTotal < 2) return "";
  const time = duration ? durationWords(duration) : "unknown";
  const hidden = targetsTotal - Math.min(targets.length, SHOWN_MAX);
  const more = hidden > 0 ? `; ${hidden} more targets are not shown here` : "";
  return `all ${targetsTotal} targets: ${time}; hosts work side by side${more}.\n`;
}

/** The whole answer. */
export function forecastText(response: PlanSweepResponse): string {
  const { request, targets } = response;
  const name = cleanText(request?.name ?? "");
  const head = `${name === "" ? "sweep" : name}: strategy ${cleanText(request?.strategy ?? "")}\n`;
  const parts = targets.slice(0, SHOWN_MAX).map(targetText);
  const foot = wrapText(
    "These are estimates, not measurements: trials that are repeated after drift or a failure come on top. Nothing was started or stored.",
  );
  return [head, ...parts, `${totalWords(response)}${foot}\n`].join("\n");
}
