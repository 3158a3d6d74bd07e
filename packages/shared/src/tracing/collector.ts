// The way to a collector, loaded only where one was named. Its libraries are CommonJS: imported by name and statically, or a
// bundle would not find what they export.
import { context, SpanStatusCode, trace } from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BasicTracerProvider, BatchSpanProcessor, type SpanExporter } from "@opentelemetry/sdk-trace-base";
import { messageOf } from "../errors.ts";
import { OZONE_VERSION } from "../version.ts";
import type { Tracing, TracingOptions } from "./open-tracing.ts";
import { spanIdOf, traceIdOf } from "./span-ids.ts";

const LAST_SENDING_MS = 2_000;
const QUEUE_SPANS = 2_048;
const SAMPLED = 1;
const MS_PER_SECOND = 1_000;
const NS_PER_MS = 1_000_000;

/** Seconds and nanoseconds since 1970. A bare number would be read as a time of the process where it is small enough. */
const hrTime = (ms: number): [number, number] => {
  const seconds = Math.floor(ms / MS_PER_SECOND);
  return [seconds, Math.round((ms - seconds * MS_PER_SECOND) * NS_PER_MS)];
};

/** Says the same thing once: a collector that is away would otherwise fill the log. */
function onceEach(say: (sentence: string) => void): (sentence: string) => void {
  const said = new Set<string>();
  return (sentence) => {
    if (said.has(sentence)) return;
    said.add(sentence);
    say(sentence);
  };
}

/** Opens it. The collector's address and headers are read from OpenTelemetry's own variables. */
export function openCollector(options: TracingOptions): Tracing {
  const problem = onceEach((words) =>
    options.onProblem(`Traces don't reach their collector (${words}); see OTEL_EXPORTER_OTLP_ENDPOINT.`),
  );
  const collector = new OTLPTraceExporter();
  const telling: SpanExporter = {
    export: (spans, done) =>
      collector.export(spans, (result) => {
        if (result.error !== undefined) problem(messageOf(result.error).split("\n")[0] ?? "");
        done(result);
      }),
    shutdown: () => collector.shutdown(),
  };
  // Both ids are made from what the span is about; starting a span asks for them at once.
  const next = { traceId: "", spanId: "" };
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({
      "service.name": options.service,
      "service.version": OZONE_VERSION,
    }),
    spanProcessors: [new BatchSpanProcessor(telling, { maxQueueSize: QUEUE_SPANS })],
    idGenerator: { generateTraceId: () => next.traceId, generateSpanId: () => next.spanId },
  });
  const tracer = provider.getTracer("ozone", OZONE_VERSION);
  return {
    isOn: true,
    record({ sweepId, name, key, parent, startedAtMs, endedAtMs, attributes, failure }) {
      next.traceId = traceIdOf(sweepId);
      next.spanId = spanIdOf(key ?? [name, ...(parent ?? []), `${startedAtMs}`]);
      const above = { traceId: next.traceId, traceFlags: SAMPLED, isRemote: true };
      const root = context.active();
      const place =
        parent === null ? root : trace.setSpanContext(root, { ...above, spanId: spanIdOf(parent) });
      const facts = {
        startTime: hrTime(startedAtMs),
        attributes: { "ozone.sweep.id": sweepId, ...attributes },
      };
      const span = tracer.startSpan(name, facts, place);
      if (failure !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: failure });
      span.end(hrTime(Math.max(startedAtMs, endedAtMs)));
    },
    async stop() {
      const limit = new Promise<void>((resolve) => setTimeout(resolve, LAST_SENDING_MS).unref());
      await Promise.race([provider.shutdown().catch(() => undefined), limit]);
    },
  };
}
