// Health and metrics of a coordinator on real Postgres and NATS, asked for over HTTP as a monitor would.
import { connect } from "node:net";
import { expositionProblems } from "@ozone/shared/testing/exposition";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readConfig } from "../config.ts";
import { type EmbeddedNats, startNats } from "../embedded/nats-server.ts";
import { type EmbeddedPostgres, startPostgres } from "../embedded/postgres.ts";
import { openStage, type Stage, testNatsServer } from "../embedded/testing/stage.ts";
import { type Coordinator, startCoordinator } from "../start.ts";

let stage: Stage;
let postgres: EmbeddedPostgres;
let nats: EmbeddedNats;
let coordinator: Coordinator;

beforeAll(async () => {
  stage = await openStage();
  const { dataDir, log } = stage;
  postgres = await startPostgres({ dataDir, log });
  nats = await startNats({ dataDir, log, binary: (await testNatsServer()).path });
  const config = readConfig({
    OZONE_DATA_DIR: `${dataDir}/coordinator`,
    OZONE_DATABASE_URL: postgres.url,
    OZONE_NATS_URL: nats.url,
    OZONE_HTTP_ADDRESS: "127.0.0.1:0",
  });
  coordinator = await startCoordinator(config, pino({ level: "silent" }));
});
afterAll(async () => {
  await coordinator?.stop();
  await nats?.stop();
  await postgres?.stop();
  await stage?.close();
});

async function get(page: string): Promise<{ status: number; text: string }> {
  const response = await fetch(`http://${coordinator.httpAddress}${page}`);
  return { status: response.status, text: await response.text() };
}

/** Asks until the status is there; a time-out prints the last answer. */
async function untilStatus(page: string, status: number): Promise<Record<string, unknown>> {
  let last = await get(page);
  const endsAtMs = performance.now() + 30_000;
  while (last.status !== status) {
    if (performance.now() > endsAtMs) throw new Error(`${page} stays ${last.status}: ${last.text}`);
    last = await get(page);
  }
  return JSON.parse(last.text) as Record<string, unknown>;
}

/** The status of the answer to a request line that no client of HTTP would write; empty: the connection just ended. */
async function statusOf(requestLine: string): Promise<string> {
  const { hostname, port } = new URL(`http://${coordinator.httpAddress}`);
  const socket = connect(Number(port), hostname);
  socket.setTimeout(10_000, () => socket.destroy(new Error(`nothing answers ${requestLine}`)));
  socket.end(`${requestLine}\r\nHost: ozone\r\nConnection: close\r\n\r\n`);
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk as Buffer);
  return /^HTTP\/1\.1 (\d+)/.exec(Buffer.concat(chunks).toString())?.[1] ?? "";
}

describe("the coordinator's health and metrics", () => {
  it("serves metrics in the exposition format, with every state and no label beyond the known ones", async () => {
    const { status, text } = await get("/metrics");
    expect(status).toBe(200);
    expect(expositionProblems(text)).toEqual([]);
    for (const line of [
      'ozone_machines{state="missing"} 0',
      'ozone_trials{state="planned"} 0',
      'ozone_sweeps{state="running"} 0',
      'ozone_part_up{part="postgres"} 1',
      'ozone_part_up{part="bus"} 1',
      'ozone_pipe_messages{pipe="work"} 0',
      'ozone_postgres_pool{what="waiting"} 0',
      "ozone_quarantined_messages 0",
      "ozone_leader 1",
    ])
      expect(text.split("\n")).toContain(line);
    expect(text).toContain("nodejs_eventloop_lag_seconds");
    const labels = [...text.matchAll(/^ozone_\w+\{([^}]*)\}/gm)].flatMap(([, inner = ""]) =>
      [...inner.matchAll(/(\w+)="/g)].map(([, name]) => name),
    );
    expect([...new Set(labels)].sort()).toEqual(["le", "part", "pipe", "state", "task", "what"]);
  });

  it("is alive but not ready while Postgres is away, says so, and is ready again after", async () => {
    const ok = { ready: true, postgres: "ok", schema: "ok", bus: "ok", leads: true };
    expect(await untilStatus("/readyz", 200)).toEqual(ok);
    const { port } = new URL(postgres.url);
    await postgres.stop();
    const away = await untilStatus("/readyz", 503);
    expect(away).toMatchObject({ ready: false, schema: "unknown", bus: "ok" });
    expect(away.postgres).not.toBe("ok");
    expect((await get("/healthz")).status).toBe(200);
    const metrics = (await get("/metrics")).text.split("\n");
    expect(metrics).toContain('ozone_part_up{part="postgres"} 0');
    expect(metrics.filter((line) => line.startsWith("ozone_machines{"))).toEqual([]);
    postgres = await startPostgres({ dataDir: stage.dataDir, log: stage.log, port: Number(port) });
    expect(await untilStatus("/readyz", 200)).toEqual(ok);
  });

  it("goes on answering whatever a stranger writes as the target of a request", async () => {
    const targets = ["//", "///", "//?x", "http://[", "http://", "/%zz", "/constructor"];
    for (const target of [...targets, "http://user:pass@:x/", "*", "?", "\\\\", "/\0"])
      expect([target, await statusOf(`GET ${target} HTTP/1.1`)]).toEqual([
        target,
        expect.stringMatching(/^40[04]$/),
      ]);
    for (const target of ["/healthz", "/healthz?from=probe", `http://${coordinator.httpAddress}/healthz`])
      expect([target, await statusOf(`GET ${target} HTTP/1.1`)]).toEqual([target, "200"]);
  });

  it("answers other pages with 404, other methods with 405, and never repeats a password", async () => {
    expect((await get("/")).status).toBe(404);
    const posted = await fetch(`http://${coordinator.httpAddress}/metrics`, { method: "POST" });
    expect(posted.status).toBe(405);
    const said = (await get("/metrics")).text + (await get("/readyz")).text;
    const { password } = new URL(postgres.url);
    expect(password).not.toBe("");
    expect(said).not.toContain(password);
  });
});
