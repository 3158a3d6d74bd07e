// Spans to an OpenTelemetry collector, where one was named. Without OTEL_EXPORTER_OTLP_ENDPOINT nothing is loaded and
// nothing leaves.
import type { Attributes } from "@opentelemetry/api";
import type { SpanKey } from "./span-ids.ts";

/** Something that took time, said once it is over. */
export interface SpanFacts {
  readonly sweepId: string;
  readonly name: string;
  /** Null: nobody refers to it. */
  readonly key: SpanKey | null;
  /** Null: it is the root. */
  readonly parent: SpanKey | null;
  /** Milliseconds since 1970 on this host's clock: spans of other hosts may seem to begin earlier. */
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly attributes: Attributes;
  /** Why it failed; absent: it did not. */
  readonly failure?: string | undefined;
}

/** Where spans go. */
export interface Tracing {
  /** A collector was named: spans are worth making. */
  readonly isOn: boolean;
  record(span: SpanFacts): void;
  /** Sends what is left, for two seconds at most. */
  stop(): Promise<void>;
}

export interface TracingOptions {
  /** `service.name` of the spans. */
  readonly service: "ozone" | "ozone-coordinator" | "ozone-agent";
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Told each kind of trouble with the collector once. */
  readonly onProblem: (sentence: string) => void;
}

const NOWHERE: Tracing = { isOn: false, record: () => undefined, stop: async () => undefined };

const isAskedFor = (env: TracingOptions["env"]): boolean =>
  env.OTEL_SDK_DISABLED !== "true" &&
  Boolean(env.OTEL_EXPORTER_OTLP_ENDPOINT || env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT);

/** Opens it. The collector and its headers are read from OpenTelemetry's own variables. */
export async function openTracing(options: TracingOptions): Promise<Tracing> {
  if (!isAskedFor(options.env)) return NOWHERE;
  const { openCollector } = await import("./collector.ts");
  return openCollector(options);
}
