// Two agents with different engines on one host: a sweep reaches both, never at the same time.
import { startScriptedOllama } from "@ozone/simulator/scripted-ollama";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Stack, type StackAgent } from "../setup/stack.ts";

let stack: Stack;
let scripted: Awaited<ReturnType<typeof startScriptedOllama>>;
let agents: StackAgent[];

beforeAll(async () => {
  stack = await Stack.start();
  scripted = await startScriptedOllama({});
  agents = [
    await stack.startAgent("reference", await stack.startEngine()),
    await stack.startAgent("scripted", scripted.url),
  ];
});
afterAll(async () => {
  await stack?.stop();
  await scripted?.stop();
});

describe("two agents with different engines on one host", () => {
  it("both measure their own engine in one sweep, one benchmark at a time, with presets apart", async () => {
    // The machine that runs the tests is never quiet.
    const matrix = [
      "--num-ctx",
      "1024,2048",
      "--num-predict",
      "16",
      "--contended",
      "allow",
      "--quiet-wait",
      "0s",
    ];
    const swept = await stack.ozone(["sweep", "run", "--name", "both", ...matrix]);
    expect(swept.code, swept.stderr).toBe(0);

    const results = await stack.query<{ machine_id: string; engine_kind: string; verdict: number }>(
      "select machine_id, engine_kind, verdict from results",
    );
    const kinds = new Map(results.map((row) => [row.machine_id, row.engine_kind]));
    expect(kinds).toEqual(
      new Map([
        [agents[0]?.machineId, "reference"],
        [agents[1]?.machineId, "ollama"],
      ]),
    );

    const spans = await stack.resultSpans();
    const overlapping = spans.filter(
      (span, index) => index > 0 && span.startedAt < (spans[index - 1]?.finishedAt ?? 0),
    );
    expect(overlapping).toEqual([]);
    expect(new Set(spans.map(({ machineId }) => machineId)).size).toBe(2);

    const presets = await stack.query<{ engine_kind: string; model_digest: string; purpose: string }>(
      "select engine_kind, model_digest, purpose from presets",
    );
    for (const kind of ["reference", "ollama"]) {
      const purposes = presets.filter((preset) => preset.engine_kind === kind).map(({ purpose }) => purpose);
      expect(purposes.sort()).toEqual(["balanced", "fast_response", "max_context"]);
    }
    expect(new Set(presets.map(({ model_digest }) => model_digest)).size).toBe(2);
  });
});
