// Traces of trials: the only importer of OpenTelemetry.
export { openTracing, type SpanFacts, type Tracing, type TracingOptions } from "./open-tracing.ts";
export { attemptKey, type SpanKey, sweepKey } from "./span-ids.ts";
