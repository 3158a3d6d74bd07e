// The coordinator is killed (SIGKILL): its servers stay, are adopted by the next start, or stopped by stopOrphans.
import { spawn } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { natsPaths } from "./nats-record.ts";
import { startNats } from "./nats-server.ts";
import { stopOrphans } from "./orphans.ts";
import { startPostgres } from "./postgres.ts";
import { isAlive } from "./process-identity.ts";
import { bundleParent, runParent } from "./testing/run-parent.ts";
import { commandLinesWith, openStage, type Stage, testNatsServer } from "./testing/stage.ts";

let stage: Stage;
let app: Stage;
let script: string;

beforeAll(async () => {
  app = await openStage();
  script = await bundleParent(app.dir);
});
afterAll(async () => {
  await app.close();
});
beforeEach(async () => {
  stage = await openStage();
});
afterEach(async () => {
  await stage.close();
});

async function killedParent() {
  const binary = (await testNatsServer()).path;
  const parent = await runParent(script, [stage.dataDir, binary]);
  await parent.kill();
  const { postgres, nats } = parent.report;
  if (nats === null) throw new Error("The parent started no nats-server.");
  return { binary, postgres, nats };
}

describe("after the coordinator was killed", () => {
  it("the next start adopts both servers at their addresses, and stops them when it ends", async () => {
    const before = await killedParent();
    expect([isAlive(before.postgres.pid), isAlive(before.nats.pid)]).toEqual([true, true]);
    const { dataDir, log } = stage;
    const postgres = await startPostgres({ dataDir, log });
    const nats = await startNats({ dataDir, binary: before.binary, log });
    expect(postgres).toMatchObject({ adopted: true, pid: before.postgres.pid, url: before.postgres.url });
    expect(nats).toMatchObject({ adopted: true, pid: before.nats.pid, url: before.nats.url });
    await Promise.all([postgres.stop(), nats.stop()]);
    expect([isAlive(before.postgres.pid), isAlive(before.nats.pid)]).toEqual([false, false]);
  });

  it("stopOrphans stops both, and says so; a second call finds nothing", async () => {
    const before = await killedParent();
    expect(await stopOrphans(stage.dataDir)).toEqual({
      postgres: before.postgres.pid,
      nats: before.nats.pid,
    });
    expect(await commandLinesWith(stage.dataDir)).toEqual([]);
    expect(await stopOrphans(stage.dataDir)).toEqual({ postgres: null, nats: null });
  });
});

describe("stopOrphans", () => {
  it("finds nothing in a folder that was never used", async () => {
    expect(await stopOrphans(join(stage.dir, "nowhere"))).toEqual({ postgres: null, nats: null });
  });

  it("never signals a process that merely has the recorded id", async () => {
    const bystander = spawn("sleep", ["60"], { stdio: "ignore" });
    const ended = new Promise((resolve) => bystander.once("exit", (_code, signal) => resolve(signal)));
    const pid = bystander.pid ?? 0;
    const paths = natsPaths(stage.dataDir);
    await mkdir(paths.folder, { recursive: true });
    await mkdir(join(stage.dataDir, "cluster"));
    await writeFile(paths.pidFile, String(pid));
    await writeFile(join(stage.dataDir, "nats.json"), JSON.stringify({ pid }));
    await writeFile(join(stage.dataDir, "cluster", "postmaster.pid"), `${pid}\n${stage.dataDir}/cluster\n`);
    expect(await stopOrphans(stage.dataDir)).toEqual({ postgres: null, nats: null });
    expect(isAlive(pid)).toBe(true);
    bystander.kill("SIGKILL");
    expect(await ended).toBe("SIGKILL");
  });
});
