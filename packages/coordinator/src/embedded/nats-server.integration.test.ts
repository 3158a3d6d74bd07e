import { spawn } from "node:child_process";
import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { NatsBinary } from "./nats-binary.ts";
import { isAtLeast } from "./nats-config.ts";
import { askNatsInfo } from "./nats-info.ts";
import { natsPaths } from "./nats-record.ts";
import { type EmbeddedNats, startNats } from "./nats-server.ts";
import { isAlive } from "./process-identity.ts";
import { natsRequest } from "./testing/nats-wire.ts";
import { commandLinesWith, openStage, type Stage, testNatsServer } from "./testing/stage.ts";

let stage: Stage;
let binary: NatsBinary;
let started: EmbeddedNats[] = [];

beforeAll(async () => {
  binary = await testNatsServer();
});
beforeEach(async () => {
  stage = await openStage();
});
afterEach(async () => {
  for (const nats of started) await nats.stop();
  started = [];
  await stage.close();
});

async function start(options: { port?: number; binary?: string } = {}): Promise<EmbeddedNats> {
  const nats = await startNats({ dataDir: stage.dataDir, binary: binary.path, log: stage.log, ...options });
  started.push(nats);
  return nats;
}

const portOf = (nats: EmbeddedNats): number => Number(new URL(nats.url).port);

describe("the embedded nats-server", () => {
  it("serves JetStream on 127.0.0.1 to those who know the password", async () => {
    const nats = await start();
    expect([nats.adopted, nats.version]).toEqual([false, binary.version]);
    expect(portOf(nats)).toBeLessThan(32_768);
    expect(JSON.parse(await natsRequest(nats.url, "$JS.API.INFO", ""))).toMatchObject({ streams: 0 });
    const stranger = nats.url.replace(/:[0-9a-f]{48}@/, ":guess@");
    expect(await natsRequest(stranger, "$JS.API.INFO", "")).toBe("-ERR 'Authorization Violation'");
    for (const name of ["nats.json", "nats/nats.conf"]) {
      expect((await stat(join(stage.dataDir, name))).mode & 0o777, name).toBe(0o600);
    }
    const config = await readFile(natsPaths(stage.dataDir).config, "utf8");
    expect(config.includes("sync_interval: always")).toBe(isAtLeast(nats.version, 2, 10));
  });

  it("keeps its messages, its port and its password over a restart", async () => {
    const first = await start();
    await natsRequest(first.url, "$JS.API.STREAM.CREATE.KEPT", {
      name: "KEPT",
      subjects: ["kept"],
      storage: "file",
    });
    expect(JSON.parse(await natsRequest(first.url, "kept", "hello"))).toMatchObject({
      stream: "KEPT",
      seq: 1,
    });
    await first.stop();
    expect((await first.exited).signal).toBeNull();
    const second = await start();
    expect(second.url).toBe(first.url);
    const info = JSON.parse(await natsRequest(second.url, "$JS.API.STREAM.INFO.KEPT", ""));
    expect(info.state.messages).toBe(1);
  });

  it("is started once when two starts come at the same moment", async () => {
    const both = await Promise.all([start(), start()]);
    expect(both[0]?.pid).toBe(both[1]?.pid);
    expect(both.map((one) => one.adopted).sort()).toEqual([false, true]);
    expect(await commandLinesWith(stage.dir)).toHaveLength(1);
  });

  it("ignores a stale pid file whose process id belongs to another program", async () => {
    const first = await start();
    await first.stop();
    const bystander = spawn("sleep", ["60"], { stdio: "ignore" });
    const ended = new Promise((resolve) => bystander.once("exit", resolve));
    await writeFile(natsPaths(stage.dataDir).pidFile, String(bystander.pid));
    const second = await start();
    expect([second.adopted, second.url]).toEqual([false, first.url]);
    expect(isAlive(bystander.pid ?? 0)).toBe(true);
    bystander.kill("SIGKILL");
    await ended;
  });

  it("replaces a server of its own that no longer answers", async () => {
    const first = await start();
    process.kill(first.pid, "SIGSTOP");
    const second = await start();
    expect([second.adopted, second.url]).toEqual([false, first.url]);
    expect(isAlive(first.pid)).toBe(false);
    expect(stage.lines.join("\n")).toContain(`(process ${first.pid}) does not answer; it is replaced`);
  });

  it("moves to another port when the last one is taken, and refuses a fixed one", async () => {
    const first = await start();
    await first.stop();
    const squatter = createServer().listen(portOf(first), "127.0.0.1");
    await new Promise((resolve) => squatter.once("listening", resolve));
    try {
      await expect(start({ port: portOf(first) })).rejects.toThrow(/Port \d+ .* taken/);
      const second = await start();
      expect(portOf(second)).not.toBe(portOf(first));
      expect((await askNatsInfo(portOf(second)))?.version).toBe(binary.version);
    } finally {
      await new Promise((resolve) => squatter.close(resolve));
    }
  });

  it("says with its last words why it can't start, and leaves nothing running", async () => {
    await mkdir(natsPaths(stage.dataDir).folder, { recursive: true });
    await writeFile(natsPaths(stage.dataDir).store, "a file where the store should be");
    await expect(start()).rejects.toThrow(
      /ended while starting\. See .*OZONE_NATS_URL[\s\S]*storage directory/i,
    );
    expect(await commandLinesWith(stage.dir)).toEqual([]);
  });

  it("refuses a program that is no nats-server", async () => {
    await expect(start({ binary: "/bin/true" })).rejects.toThrow(/\/bin\/true is not a nats-server/);
    await expect(start({ binary: join(stage.dir, "none") })).rejects.toThrow(
      /none can't be started: .*ENOENT.*OZONE_NATS_URL/,
    );
  });
});
