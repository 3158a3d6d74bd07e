// What metrics are called for people. Pure.
const METRIC_WORDS: Readonly<Record<string, string>> = {
  decode_tokens_per_second: "decode rate",
  prefill_tokens_per_second: "prefill rate",
  ttft_ms: "time to first token",
  time_to_answer_ms: "time to the answer",
  num_ctx: "context",
};

/** A metric's name for people. */
export const metricWords = (metric: string): string => METRIC_WORDS[metric] ?? metric.replaceAll("_", " ");
