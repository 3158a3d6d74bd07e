// Two agents with different engines on one host: a sweep reaches both, never at the same time, and neither does a roll-out
// to one of them while a sweep goes on on the other.
import { create } from "@bufbuild/protobuf";
import { EngineKind, EngineSchema, Provenance } from "@ozone/proto/machine";
import { configuration } from "@ozone/shared/configuration";
import { scriptedModel, startScriptedOllama } from "@ozone/simulator/scripted-ollama";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { presetFor, seenAt } from "../../packages/agent/src/applying/preset-material.ts";
import { Stack, type StackAgent } from "../setup/stack.ts";
import { classOf, storePreset } from "../setup/store-preset.ts";
import { waitFor } from "../setup/wait-for.ts";

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
    const matrix = ["--num-ctx", "1024", "--num-predict", "16", "--contended", "allow", "--quiet-wait", "0s"];
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

  it("never has a sweep's trial and an application at the same time: each takes its turn", async () => {
    const model = scriptedModel().name;
    const seen = await seenAt(scripted.url, model);
    const engine = create(EngineSchema, { kind: EngineKind.OLLAMA, version: seen.version });
    const point = { numCtx: 512, numThread: 1, numPredict: 16 };
    const preset = presetFor(seen, {
      ...{ hardwareClass: await classOf(stack), engine, modelName: model, purpose: "balanced" },
      configuration: configuration({ ...point, numBatch: 256 }),
      defaultConfiguration: configuration({ ...point, numBatch: 128 }),
      // The agent takes the scripted server for an Ollama, and what it says for measured; none of it is published.
      provenance: Provenance.MEASURED,
    });
    await storePreset(stack, preset);
    const [earlier, before] = [(await stack.resultSpans()).length, scripted.requests.length];
    const now = ["--quiet-wait", "0s"];
    const matrix = ["--num-ctx", "512", "--num-batch", "64,128,256,512", "--num-predict", "16"];
    const { sweep } = await stack.json<{ sweep: { id: string } }>([
      ...["sweep", "run", "--machine", "reference", "--detach", "--contended", "allow", ...now, ...matrix],
    ]);
    const running = `select id from trials where sweep_id = '${sweep.id}' and state = 'running'`;
    await waitFor("a trial that was sent", () => stack.query(running), { until: ({ length }) => length > 0 });
    const { rollout } = await stack.json<{ rollout: { id: string } }>([
      ...["preset", "rollout", model, "--purpose", "balanced", "--machine", "scripted"],
      ...["--yes", "--detach", ...now],
    ]);
    // The application by the server that it asked, trials by the agent that ran them: one clock.
    const asked = (): number[] =>
      scripted.requests
        .slice(before)
        .filter(({ path }) => ["/api/generate", "/api/create", "/api/delete"].includes(path))
        .map(({ atMs }) => performance.timeOrigin + atMs);
    await waitFor("an application that measures", asked, { until: ({ length }) => length > 10 });
    await stack.ozone(["rollout", "cancel", rollout.id]);
    const spans = await waitFor("a trial after the application", () => stack.resultSpans(), {
      until: (all) => (all.at(-1)?.startedAt ?? 0) > Math.max(...asked()),
    });
    await stack.ozone(["sweep", "cancel", sweep.id]);
    const [began, ended, trials] = [Math.min(...asked()), Math.max(...asked()), spans.slice(earlier)];
    const during = trials.filter(({ startedAt, finishedAt }) => startedAt < ended && finishedAt > began);
    expect(during, JSON.stringify({ began, ended, trials })).toEqual([]);
    // Both had work at the same time, so that each had to wait for the other.
    expect(trials[0]?.finishedAt, JSON.stringify({ began, ended, trials })).toBeLessThan(began);
  });
});
