// What `ozone-agent bench` prints for a person. Pure: the document in words.
import { CHECK_ADVICE, type CheckCode, GUARDING_CHECKS, MARKING_CHECKS } from "@ozone/shared/check-codes";
import { formatBytes, formatDuration } from "@ozone/shared/units";
import type { BenchDocument, BenchFigure } from "./bench-document.ts";

/** The document as lines of text. */
export function benchText(document: BenchDocument): string {
  const sections = [
    headline(document),
    document.verdict === "failed" ? [] : figures(document),
    complaints(document),
    document.warnings.map(({ message }) => `Warning: ${message}`),
    document.notice === "" ? [] : [document.notice],
  ];
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join("\n"))
    .join("\n\n")}\n`;
}

function headline(document: BenchDocument): string[] {
  const { verdict, failure, model, engine, configuration, conditions } = document;
  const options = Object.entries(configuration)
    .map(([name, value]) => `${name} ${value}`)
    .join(", ");
  const whose = conditions.managed ? ", a managed server" : "";
  const where = engine.version === "" ? "" : ` on ${engine.kind} ${engine.version}${whose}`;
  const lines = [`${model.name}${where}: ${options}`];
  lines.push(failure === null ? verdict : `${verdict}: ${failure.class}. ${failure.message}`);
  return lines;
}

function figures({ context, metrics, memory, samples }: BenchDocument): string[] {
  const valid = samples.filter((sample) => sample.valid).length;
  return [
    `context   ${context.promptTokens} of ${context.requested} tokens filled by the prompt, ${context.allocated ?? "unknown"} allocated${context.filled ? "" : " (not filled)"}`,
    `decode    ${interval(metrics.decodeTokensPerSecond, "tokens/s")}`,
    `prefill   ${interval(metrics.prefillTokensPerSecond, "tokens/s")}`,
    `ttft      ${interval(metrics.ttftMs, "ms")}`,
    `chunks    p50 ${number(metrics.interTokenMs.p50)} ms, p95 ${number(metrics.interTokenMs.p95)} ms between them`,
    `load      ${metrics.loadMs === null ? "unknown" : formatDuration(metrics.loadMs)}`,
    `memory    ${memory.sizeBytes === null ? "unknown" : formatBytes(memory.sizeBytes)}, ${memory.sizeVramBytes === null ? "unknown" : formatBytes(memory.sizeVramBytes)} of it on the GPU`,
    `samples   ${valid} of ${samples.length} valid`,
  ];
}

const number = (value: number | null): string =>
  value === null ? "unknown" : value.toFixed(value < 100 ? 1 : 0);

function interval({ median, ciLow, ciHigh, n, preliminary }: BenchFigure, unit: string): string {
  if (median === null) return "unknown";
  const spread =
    ciLow === null || ciHigh === null ? "no interval" : `95 % interval ${number(ciLow)} to ${number(ciHigh)}`;
  return `${number(median)} ${unit} (${spread}, n = ${n}${preliminary ? ", preliminary" : ""})`;
}

function complaints({ checks }: BenchDocument): string[] {
  return checks.flatMap(({ code, passed, detail }) => {
    if (passed === true) return [];
    if (passed === null) return [`unknown ${code}: ${detail}.`];
    return [`${weightOf(code)} ${code}: ${detail}. ${CHECK_ADVICE[code as CheckCode]}`];
  });
}

/** Most failed checks reject a sample; some only mark it. */
const weightOf = (code: string): string =>
  MARKING_CHECKS.has(code) || GUARDING_CHECKS.has(code) ? "marked" : "FAILED";
