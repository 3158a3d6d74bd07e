// Spans as they reach a collector over real HTTP.
import { afterEach, beforeEach, expect, it } from "vitest";
import { startTraceCollector, type TraceCollector } from "../testing/trace-collector.ts";
import { openTracing, type SpanFacts } from "./open-tracing.ts";
import { attemptKey, sweepKey } from "./span-ids.ts";

let collector: TraceCollector;
beforeEach(async () => {
  collector = await startTraceCollector();
});
afterEach(async () => {
  delete process.env.OTEL_EXPORTER_OTLP_ENDPOINT;
  delete process.env.OTEL_EXPORTER_OTLP_TIMEOUT;
  await collector.close();
});

const ATTEMPT: SpanFacts = {
  sweepId: "s-1",
  name: "attempt",
  key: attemptKey("t-1", 2),
  parent: sweepKey("s-1"),
  startedAtMs: 1_000,
  endedAtMs: 4_000,
  attributes: {},
};
const open = (endpoint: string, problems: string[] = []) => {
  process.env.OTEL_EXPORTER_OTLP_ENDPOINT = endpoint;
  return openTracing({
    service: "ozone-agent",
    env: process.env,
    onProblem: (sentence) => problems.push(sentence),
  });
};

it("spans of two processes that never spoke with each other are one trace, each below its own", async () => {
  const [coordinator, agent] = [await open(collector.endpoint), await open(collector.endpoint)];
  coordinator.record(ATTEMPT);
  coordinator.record({ ...ATTEMPT, name: "sweep", key: sweepKey("s-1"), parent: null });
  const failure = "out of memory";
  agent.record({ ...ATTEMPT, name: "measure", key: null, parent: attemptKey("t-1", 2), failure });
  await Promise.all([coordinator.stop(), agent.stop()]);
  const by = Object.fromEntries(collector.spans.map((span) => [span.name, span]));
  expect(Object.keys(by).sort()).toEqual(["attempt", "measure", "sweep"]);
  expect(new Set(collector.spans.map(({ traceId }) => traceId)).size).toBe(1);
  expect(by.attempt?.parentSpanId).toBe(by.sweep?.spanId);
  expect(by.measure?.parentSpanId).toBe(by.attempt?.spanId);
  expect(by.sweep?.parentSpanId ?? "").toBe("");
  expect([by.attempt?.startTimeUnixNano, by.attempt?.endTimeUnixNano]).toEqual(["1000000000", "4000000000"]);
  expect(by.measure?.status).toMatchObject({ code: 2, message: failure });
});

it("without a collector named nothing is sent, and one that is away is said once", async () => {
  const nowhere = await openTracing({ service: "ozone", env: {}, onProblem: () => undefined });
  nowhere.record(ATTEMPT);
  await nowhere.stop();
  expect(collector.spans).toEqual([]);
  const gone = await startTraceCollector();
  await gone.close();
  const problems: string[] = [];
  process.env.OTEL_EXPORTER_OTLP_TIMEOUT = "300";
  const away = await open(gone.endpoint, problems);
  away.record(ATTEMPT);
  away.record({ ...ATTEMPT, key: attemptKey("t-1", 3) });
  await away.stop();
  expect(problems).toEqual([expect.stringMatching(/^Traces don't reach their collector \(.+\); see OTEL_/)]);
});
