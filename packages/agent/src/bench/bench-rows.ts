// The document of a bench as rows, in the spirit of llama-bench: one per configuration and depth, and one for each thing
// that was measured apart. A row never hides its verdict, its provenance or its number of samples. Pure.
import type { BenchDocument } from "./bench-document.ts";
import type { BenchFigure } from "./bench-figure.ts";

/** A cell: text that others may have chosen, a number of ours, or nothing known. */
export type Cell = string | number | null;

/** Columns in their order, with their kind for a database. */
export const COLUMNS = {
  kind: "text",
  model: "text",
  model_digest: "text",
  quantization: "text",
  engine: "text",
  engine_version: "text",
  provenance: "text",
  num_ctx: "integer",
  depth_tokens: "integer",
  num_batch: "integer",
  num_thread: "integer",
  num_gpu: "integer",
  kv_cache_type: "text",
  flash_attention: "text",
  num_predict: "integer",
  concurrency: "integer",
  decode_tps: "real",
  decode_tps_ci_low: "real",
  decode_tps_ci_high: "real",
  decode_n: "integer",
  prefill_tps: "real",
  prefill_tps_ci_low: "real",
  prefill_tps_ci_high: "real",
  prefill_n: "integer",
  ttft_ms: "real",
  ttft_ms_ci_low: "real",
  ttft_ms_ci_high: "real",
  ttft_n: "integer",
  verdict: "text",
  failed_checks: "text",
  failure_class: "text",
  contended: "integer",
  agent_version: "text",
} as const;

/** The name of a column. */
export type Column = keyof typeof COLUMNS;

/** One row: every column, in the order of COLUMNS. */
export type BenchRow = Readonly<Record<Column, Cell>>;

/** Figures of a row; what is absent was not measured there. */
interface RowFigures {
  readonly decode?: BenchFigure | undefined;
  readonly prefill?: BenchFigure | undefined;
  readonly ttft?: BenchFigure | undefined;
}

/** The rows of a document: the configuration itself first, also when it was rejected or has failed. */
export function benchRows(document: BenchDocument): BenchRow[] {
  const { metrics, context, curve, warmPrefix, sustained } = document;
  const row = (kind: string, depthTokens: number | null, figures: RowFigures): BenchRow =>
    rowOf(document, { kind, depthTokens, figures });
  const filled = context.promptTokens > 0 ? context.promptTokens : null;
  return [
    row("filled", filled, {
      decode: metrics.decodeTokensPerSecond,
      prefill: metrics.prefillTokensPerSecond,
      ttft: metrics.ttftMs,
    }),
    ...curve.map((point) =>
      row("depth", point.promptTokens, {
        decode: point.decodeTokensPerSecond,
        prefill: point.prefillTokensPerSecond,
        ttft: point.ttftMs,
      }),
    ),
    ...(warmPrefix === null
      ? []
      : [row("warm_prefix", warmPrefix.promptTokens, { ttft: warmPrefix.ttftMs })]),
    ...(sustained === null
      ? []
      : [
          row("burst", filled, { decode: sustained.burstTokensPerSecond }),
          row("sustained", filled, { decode: sustained.sustainedTokensPerSecond }),
        ]),
  ];
}

function rowOf(
  document: BenchDocument,
  { kind, depthTokens, figures }: { kind: string; depthTokens: number | null; figures: RowFigures },
): BenchRow {
  const { model, engine, configuration, conditions, checks, failure } = document;
  const dimension = (name: string): Cell => configuration[name] ?? null;
  const failed = checks.filter(({ passed }) => passed === false).map(({ code }) => code);
  return {
    kind,
    model: model.name,
    model_digest: model.digest,
    quantization: conditions.quantization,
    engine: engine.kind,
    engine_version: engine.version,
    provenance: document.provenance,
    num_ctx: dimension("num_ctx"),
    depth_tokens: depthTokens,
    num_batch: dimension("num_batch"),
    num_thread: dimension("num_thread"),
    num_gpu: dimension("num_gpu"),
    kv_cache_type: dimension("kv_cache_type"),
    flash_attention: dimension("flash_attention"),
    num_predict: dimension("num_predict"),
    concurrency: dimension("concurrency") ?? 1,
    ...figureCells("decode_tps", "decode_n", figures.decode),
    ...figureCells("prefill_tps", "prefill_n", figures.prefill),
    ...figureCells("ttft_ms", "ttft_n", figures.ttft),
    verdict: document.verdict,
    failed_checks: failed.join(" "),
    failure_class: failure?.class ?? null,
    contended: conditions.contended ? 1 : 0,
    agent_version: document.agentVersion,
  };
}

function figureCells<Name extends "decode_tps" | "prefill_tps" | "ttft_ms", Count extends string>(
  name: Name,
  count: Count,
  figure: BenchFigure | undefined,
) {
  const cells = {
    [name]: figure?.median ?? null,
    [`${name}_ci_low`]: figure?.ciLow ?? null,
    [`${name}_ci_high`]: figure?.ciHigh ?? null,
    [count]: figure?.n ?? 0,
  };
  return cells as Record<Name | `${Name}_ci_low` | `${Name}_ci_high` | Count, Cell>;
}
