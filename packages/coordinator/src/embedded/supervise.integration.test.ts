import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { askNatsInfo } from "./nats-info.ts";
import { startNats } from "./nats-server.ts";
import { type ServerChange, superviseNats, supervisePostgres } from "./supervise.ts";
import { eventually, openStage, type Stage, testNatsServer } from "./testing/stage.ts";

let stage: Stage;
let changes: ServerChange[];

beforeEach(async () => {
  stage = await openStage();
  changes = [];
});
afterEach(async () => {
  await stage.close();
});

const options = () => ({
  dataDir: stage.dataDir,
  log: stage.log,
  onChange: (change: ServerChange) => changes.push(change),
});
const states = (): string[] => changes.map((change) => change.state);

describe("a supervised server", () => {
  it("nats-server comes back on the same port within seconds after each kill -9", async () => {
    const { path } = await testNatsServer();
    const nats = await superviseNats({ ...options(), binary: path });
    const port = Number(new URL(nats.url).port);
    for (let kills = 1; kills <= 2; kills += 1) {
      const killed = nats.current().pid;
      process.kill(killed, "SIGKILL");
      await eventually(
        states,
        (seen) => seen.filter((state) => state === "running").length === kills + 1,
        5_000,
      );
      expect(nats.current().pid).not.toBe(killed);
      expect(await askNatsInfo(port)).toMatchObject({ jetstream: true });
    }
    await nats.stop();
    expect(states()).toEqual(["running", "ended", "running", "ended", "running", "stopped"]);
    expect(changes[1]).toMatchObject({ signal: "SIGKILL", restartInMs: 0 });
  });

  it("an adopted nats-server that dies is noticed and replaced", async () => {
    const { path } = await testNatsServer();
    const left = await startNats({ dataDir: stage.dataDir, log: stage.log, binary: path });
    const nats = await superviseNats({ ...options(), binary: path });
    expect(nats.current()).toMatchObject({ adopted: true, pid: left.pid });
    process.kill(left.pid, "SIGKILL");
    await eventually(states, (seen) => seen.filter((state) => state === "running").length === 2, 10_000);
    expect(nats.current()).toMatchObject({ adopted: false, url: nats.url });
    await nats.stop();
  });

  it("Postgres comes back on the same port after kill -9 of its postmaster", async () => {
    const postgres = await supervisePostgres(options());
    process.kill(postgres.current().pid, "SIGKILL");
    await eventually(states, (seen) => seen.filter((state) => state === "running").length === 2);
    expect(postgres.current().url).toBe(postgres.url);
    await postgres.stop();
    expect(states().at(-1)).toBe("stopped");
  });
});
