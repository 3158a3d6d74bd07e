// What `ozone-agent bench` prints for a person. Pure: the document in words.
import { CHECK_ADVICE, type CheckCode, GUARDING_CHECKS, MARKING_CHECKS } from "@ozone/shared/check-codes";
import type { Stress } from "@ozone/shared/memory-stress";
import { formatBytes, formatDuration } from "@ozone/shared/units";
import type { BenchDocument } from "./bench-document.ts";
import type { BenchFigure } from "./bench-figure.ts";

/** The document as lines of text. */
export function benchText(document: BenchDocument): string {
  const sections = [
    headline(document),
    document.verdict === "failed" ? [] : figures(document),
    document.verdict === "failed" ? [] : besides(document),
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
    `stress    RAM ${stressWords(memory.stress.ram)}, VRAM ${stressWords(memory.stress.vram)}`,
    `samples   ${valid} of ${samples.length} valid`,
  ];
}

/** What was measured besides, each apart. */
function besides({ curve, warmPrefix, sustained, rounds, ttftPercentiles }: BenchDocument): string[] {
  const lines = curve.map(
    ({ promptTokens, valid, decodeTokensPerSecond, prefillTokensPerSecond, ttftMs }) =>
      `depth     ${promptTokens} tokens${valid ? "" : " (rejected)"}: decode ${interval(decodeTokensPerSecond, "tokens/s")}; prefill ${interval(prefillTokensPerSecond, "tokens/s")}; ttft ${interval(ttftMs, "ms")}`,
  );
  if (warmPrefix !== null) {
    const { ttftMs, fromCache, samples, cachedTokens } = warmPrefix;
    const cached = cachedTokens === null ? "" : `, ${cachedTokens} tokens cached`;
    lines.push(
      `warm      ttft ${interval(ttftMs, "ms")}; ${fromCache} of ${samples} prompts from the cache${cached}`,
    );
  }
  if (sustained !== null) {
    const { burstTokensPerSecond: burst, sustainedTokensPerSecond: last, durationMs } = sustained;
    lines.push(
      `sustained ${formatDuration(durationMs)}: first third ${interval(burst, "tokens/s")}, last third ${interval(last, "tokens/s")}${sustained.throttled ? ": slowed down" : ""}`,
    );
  }
  if (rounds.length > 0) {
    const { n, p50Ms, p95Ms } = ttftPercentiles ?? { n: 0, p50Ms: null, p95Ms: null };
    lines.push(
      `rounds    ${rounds.length} of ${rounds[0]?.requests} requests at the same time; decode is all that came out together; ttft p50 ${number(p50Ms)} ms, p95 ${number(p95Ms)} ms (n = ${n})`,
    );
  }
  return lines;
}
const stressWords = (stress: Stress | null): string =>
  stress === null
    ? "unknown"
    : `${stress.level} (${Math.round(100 * stress.share)} % of ${formatBytes(stress.ofBytes)})`;

const number = (value: number | null): string =>
  value === null ? "unknown" : value.toFixed(value < 100 ? 1 : 0);

function interval({ median, ciLow, ciHigh, n, preliminary }: BenchFigure, unit: string): string {
  if (median === null) return "unknown";
  const spread =
    ciLow === null || ciHigh === null ? "no interval" : `95 % interval ${number(ciLow)} to ${number(ciHigh)}`;
  return `${number(median)} ${unit} (${spread}, n = ${n}${preliminary ? ", preliminary" : ""})`;
}

/** What is wrong with a result, in sentences; empty when it is valid. */
export function objections({ verdict, failure, checks }: BenchDocument): string[] {
  if (failure !== null) return [`${verdict}: ${failure.class}. ${failure.message}`];
  if (verdict === "valid") return [];
  return checks
    .filter(({ code, passed }) => passed === false && weightOf(code) === "FAILED")
    .map(({ code, detail }) => `${verdict}: ${code}: ${detail}.`);
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
