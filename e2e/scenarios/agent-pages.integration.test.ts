// What a monitor sees of an agent: on a real NATS, with a real coordinator that comes later.

import { expositionProblems } from "@ozone/shared/testing/exposition";
import { type ScriptedOllama, startScriptedOllama } from "@ozone/simulator/scripted-ollama";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readConfig } from "../../packages/agent/src/config.ts";
import { runAgent } from "../../packages/agent/src/start-agent.ts";
import { readConfig as readCoordinatorConfig } from "../../packages/coordinator/src/config.ts";
import { type EmbeddedNats, startNats } from "../../packages/coordinator/src/embedded/nats-server.ts";
import { type EmbeddedPostgres, startPostgres } from "../../packages/coordinator/src/embedded/postgres.ts";
import {
  openStage,
  type Stage,
  testNatsServer,
} from "../../packages/coordinator/src/embedded/testing/stage.ts";
import { startCoordinator } from "../../packages/coordinator/src/start.ts";
import { waitFor } from "../setup/wait-for.ts";

let stage: Stage;
let nats: EmbeddedNats;
let postgres: EmbeddedPostgres;
let ollama: ScriptedOllama;

beforeAll(async () => {
  stage = await openStage();
  const { dataDir, log } = stage;
  nats = await startNats({ dataDir, log, binary: (await testNatsServer()).path });
  postgres = await startPostgres({ dataDir, log });
  ollama = await startScriptedOllama({});
});
afterAll(async () => {
  await ollama?.stop();
  await nats?.stop();
  await postgres?.stop();
  await stage?.close();
});

/** An agent in this process, and how to ask for its pages. */
async function agent(name: string, natsUrl: string) {
  const stop = new AbortController();
  const lines: string[] = [];
  const config = readConfig(
    {
      ...{ OZONE_DATA_DIR: `${stage.dataDir}/${name}`, OZONE_NATS_URL: natsUrl, OZONE_AGENT_NAME: name },
      ...{ OLLAMA_HOST: ollama.url, OZONE_AGENT_HTTP_ADDRESS: "127.0.0.1:0" },
    },
    [],
  );
  const ended = runAgent(config, (line) => void lines.push(line), stop.signal).catch((thrown: unknown) => {
    if (!stop.signal.aborted) throw thrown;
  });
  const said = () => lines.find((line) => line.startsWith("pages for a monitor are at "));
  const address = /http\S+/.exec((await waitFor("the address", said, { until: Boolean })) ?? "")?.[0] ?? "";
  const get = async (page: string) => {
    const response = await fetch(`${address}${page}`);
    return { status: response.status, text: await response.text() };
  };
  return {
    get,
    async stop() {
      stop.abort();
      await ended;
    },
  };
}

describe("an agent's pages", () => {
  it("say that it lives and is not ready while it waits for its bus", async () => {
    const waiting = await agent("waits", "nats://127.0.0.1:9");
    expect((await waiting.get("/healthz")).status).toBe(200);
    const ready = await waiting.get("/readyz");
    expect([ready.status, JSON.parse(ready.text)]).toEqual([
      503,
      expect.objectContaining({ ready: false, bus: "the agent starts, or waits for its bus" }),
    ]);
    expect((await waiting.get("/metrics")).text).toContain('ozone_agent_part_up{part="bus"} 0');
    await waiting.stop();
  });

  it("say when the bus answers, when a coordinator hears it, and what it has in hand", async () => {
    const watched = await agent("lab-1", nats.url);
    const parts = async () => {
      const { status, text } = await watched.get("/readyz");
      return { status, ...(JSON.parse(text) as { bus: string; coordinator: string }) };
    };
    await waitFor("the bus", parts, { until: ({ bus }) => bus === "ok" });
    expect(await parts()).toMatchObject({
      status: 503,
      coordinator: "no heartbeat was answered lately",
    });
    const coordinator = await startCoordinator(
      readCoordinatorConfig({
        ...{ OZONE_DATA_DIR: `${stage.dataDir}/coordinator`, OZONE_DATABASE_URL: postgres.url },
        OZONE_NATS_URL: nats.url,
      }),
      pino({ level: "silent" }),
    );
    await waitFor("readiness", parts, { until: ({ status }) => status === 200 });
    const { text } = await watched.get("/metrics");
    expect(expositionProblems(text)).toEqual([]);
    for (const line of [
      'ozone_agent_part_up{part="coordinator"} 1',
      "ozone_agent_outbox_results 0",
      "ozone_agent_working 0",
      "ozone_agent_paused 0",
    ])
      expect(text).toContain(line);
    await watched.stop();
    await coordinator.stop();
    await expect(watched.get("/healthz")).rejects.toThrow();
  });
});
