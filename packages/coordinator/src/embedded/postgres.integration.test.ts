import { chmod, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import pg from "pg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type EmbeddedPostgres, startPostgres } from "./postgres.ts";
import { readPostgresRecord } from "./postgres-cluster.ts";
import { createCluster } from "./postgres-initdb.ts";
import { commandLineOf, waitUntilGone } from "./process-identity.ts";
import { commandLinesWith, openStage, type Stage } from "./testing/stage.ts";

let stage: Stage;
let started: EmbeddedPostgres[] = [];

beforeEach(async () => {
  stage = await openStage();
});
afterEach(async () => {
  for (const postgres of started) await postgres.stop();
  started = [];
  await stage.close();
});

async function start(options: { port?: number } = {}): Promise<EmbeddedPostgres> {
  const postgres = await startPostgres({ dataDir: stage.dataDir, log: stage.log, ...options });
  started.push(postgres);
  return postgres;
}

async function ask(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query({ text: sql, rowMode: "array" })).rows.flat();
  } finally {
    await client.end();
  }
}

describe("the embedded Postgres", () => {
  it("makes a cluster on the first start, durable, private and only on 127.0.0.1", async () => {
    const postgres = await start();
    expect(postgres.adopted).toBe(false);
    const settings = [
      "fsync",
      "synchronous_commit",
      "listen_addresses",
      "unix_socket_directories",
      "server_encoding",
    ];
    const values = await ask(
      postgres.url,
      settings.map((s) => `select current_setting('${s}')`).join(" union all "),
    );
    expect(values).toEqual(["on", "on", "127.0.0.1", "", "UTF8"]);
    const port = Number(new URL(postgres.url).port);
    expect(port).toBeLessThan(32_768);
    for (const name of ["postgres.json", "postgres.log"]) {
      expect((await stat(join(stage.dataDir, name))).mode & 0o077, name).toBe(0);
    }
    const access = await readFile(join(stage.dataDir, "cluster", "pg_hba.conf"), "utf8");
    expect(access).toMatch(/^host\s+all\s+all\s+127\.0\.0\.1\/32\s+scram-sha-256$/m);
    expect(access).not.toMatch(/^[^#]*\btrust\b/m);
    await expect(ask(postgres.url.replace(/:[0-9a-f]{48}@/, ":wrong@"), "select 1")).rejects.toThrow(
      /password/,
    );
  });

  it("keeps its data, its port and its password over a restart", async () => {
    const first = await start();
    await ask(first.url, "create table kept as select 42 as n");
    await first.stop();
    expect(await first.exited).toEqual({ code: 0, signal: null });
    const second = await start();
    expect(second.url).toBe(first.url);
    expect(second.pid).not.toBe(first.pid);
    expect(await ask(second.url, "select n from kept")).toEqual([42]);
  });

  it("is started once when two starts come at the same moment", async () => {
    const both = await Promise.all([start(), start()]);
    expect(both[0]?.pid).toBe(both[1]?.pid);
    expect(both.map((one) => one.adopted).sort()).toEqual([false, true]);
    expect(await commandLinesWith(`-D ${join(stage.dataDir, "cluster")}`)).toHaveLength(1);
  });

  it("has a process group of its own, so that a Ctrl-C in the terminal doesn't reach it", async () => {
    const { pid } = await start();
    const fields = (await readFile(`/proc/${pid}/stat`, "utf8")).split(") ")[1]?.split(" ") ?? [];
    expect(Number(fields[2])).toBe(pid);
  });

  it("recovers with all commits after its postmaster was killed", async () => {
    const first = await start();
    await ask(first.url, "create table kept as select generate_series(1, 1000) as n");
    process.kill(first.pid, "SIGKILL");
    expect(await first.exited).toEqual({ code: null, signal: "SIGKILL" });
    const second = await start();
    expect(second.adopted).toBe(false);
    expect(await ask(second.url, "select count(*)::int from kept")).toEqual([1000]);
  });

  it("removes a stale postmaster.pid whose process id belongs to another program now", async () => {
    const first = await start();
    const pidFile = join(stage.dataDir, "cluster", "postmaster.pid");
    const text = await readFile(pidFile, "utf8");
    await first.stop();
    await writeFile(pidFile, text.replace(/^\d+/, String(process.pid)), { mode: 0o644 });
    const second = await start();
    expect(second.adopted).toBe(false);
    expect(stage.lines.join("\n")).toContain("Removed the stale postmaster.pid");
    expect(await commandLineOf(process.pid)).not.toBeNull();
  });

  it("notices the end of an adopted postmaster and stops it when asked", async () => {
    const owner = await start();
    const guest = await start();
    expect([guest.adopted, guest.pid, guest.url]).toEqual([true, owner.pid, owner.url]);
    await guest.stop();
    expect(await owner.exited).toEqual({ code: 0, signal: null });
    expect(await guest.exited).toEqual({ code: null, signal: null });
  });

  it("moves to another port when the last one is taken, and refuses a fixed one", async () => {
    const first = await start();
    const port = Number(new URL(first.url).port);
    await first.stop();
    const squatter = createServer().listen(port, "127.0.0.1");
    await new Promise((resolve) => squatter.once("listening", resolve));
    try {
      await expect(start({ port })).rejects.toThrow(/Port \d+ .* is taken/);
      const second = await start();
      expect(new URL(second.url).port).not.toBe(String(port));
    } finally {
      await new Promise((resolve) => squatter.close(resolve));
    }
  });

  it("says why it can't start on a cluster of another version, and leaves nothing running", async () => {
    await (await start()).stop();
    await writeFile(join(stage.dataDir, "cluster", "PG_VERSION"), "9\n");
    await expect(start()).rejects.toThrow(/ended while starting[\s\S]*OZONE_DATABASE_URL[\s\S]*incompatible/);
    expect(await commandLinesWith(stage.dir)).toEqual([]);
  });

  it("says what to do when its password file is gone", async () => {
    await (await start()).stop();
    await writeFile(join(stage.dataDir, "postgres.json"), "{}");
    await expect(start()).rejects.toThrow(/postgres\.json.*is missing: restore it, or remove/);
  });

  it("ends a Postgres that runs but doesn't know our password, and says so", async () => {
    await (await start()).stop();
    const file = join(stage.dataDir, "postgres.json");
    await writeFile(file, (await readFile(file, "utf8")).replace(/[0-9a-f]{48}/, "f".repeat(48)));
    await expect(start()).rejects.toThrow(/does not serve \(password authentication failed/);
    expect(await commandLinesWith(stage.dir)).toEqual([]);
  });

  it("reports a full disk during initdb as such, and leaves no half cluster", async () => {
    const initdb = join(stage.dir, "initdb");
    await writeFile(
      initdb,
      "#!/bin/sh\necho 'initdb: error: could not write: No space left on device'\nexit 1\n",
    );
    await chmod(initdb, 0o755);
    const place = { cluster: join(stage.dir, "cluster"), home: stage.dir, account: null };
    const made = createCluster(place, { initdb, postgres: "", pgCtl: "" }, "secret");
    await expect(made).rejects.toThrow(/initdb.*status 1\. The disk that holds .* is full.*free some space/);
    await expect(stat(place.cluster)).rejects.toThrow(/ENOENT/);
  });

  it("adopts through a symbolic link to the data folder", async () => {
    const direct = await start();
    const link = join(stage.dir, "link");
    await symlink(stage.dataDir, link);
    const linked = await startPostgres({ dataDir: link, log: stage.log });
    expect([linked.adopted, linked.pid]).toEqual([true, direct.pid]);
  });

  it("writes its process id, port and cluster for `ozone down`", async () => {
    const postgres = await start();
    const record = await readPostgresRecord(stage.dataDir);
    const port = Number(new URL(postgres.url).port);
    expect(record).toMatchObject({ pid: postgres.pid, port, cluster: join(stage.dataDir, "cluster") });
    await postgres.stop();
    expect(await waitUntilGone(postgres.pid, 0)).toBe(true);
  });
});
