// Root and ordinary users. Each half needs root (to become someone else); as an ordinary user only the last test
// applies, because every other Postgres test then already runs as one.
import { chmod, chown, copyFile, mkdir, readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { stopOrphans } from "./orphans.ts";
import { startPostgres } from "./postgres.ts";
import { NOBODY } from "./postgres-account.ts";
import { readPostgresRecord } from "./postgres-cluster.ts";
import { bundleParent, runParent } from "./testing/run-parent.ts";
import { commandLinesWith, isRoot, openStage, type Stage, testNatsServer } from "./testing/stage.ts";

let stage: Stage;
let natsServer: string;
let app: Stage;
let script: string;

beforeAll(async () => {
  natsServer = (await testNatsServer()).path;
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

async function ownerOf(pid: number): Promise<number> {
  return (await stat(`/proc/${pid}`)).uid;
}

if (isRoot) {
  describe("started by root", () => {
    it("runs as nobody in a data folder of mode 0700, which gets only the right to be entered", async () => {
      await mkdir(stage.dataDir, { mode: 0o700 });
      const postgres = await startPostgres({ dataDir: stage.dataDir, log: stage.log });
      expect(await ownerOf(postgres.pid)).toBe(NOBODY.uid);
      expect((await stat(stage.dataDir)).mode & 0o777).toBe(0o701);
      const cluster = await stat(join(stage.dataDir, "cluster"));
      expect([cluster.uid, cluster.mode & 0o777]).toEqual([NOBODY.uid, 0o700]);
      await postgres.stop();
    });

    it("opens Ozone's own folders above the data folder when it is told which they are", async () => {
      await chmod(stage.dir, 0o700);
      const postgres = await startPostgres({ dataDir: stage.dataDir, homeDir: stage.dir, log: stage.log });
      expect((await readPostgresRecord(stage.dataDir))?.cluster).toBe(join(stage.dataDir, "cluster"));
      expect((await stat(stage.dir)).mode & 0o777).toBe(0o701);
      await postgres.stop();
    });

    it("keeps the cluster below /var/lib/ozone when a folder above is closed, and finds it again", async () => {
      await chmod(stage.dir, 0o700);
      const first = await startPostgres({ dataDir: stage.dataDir, log: stage.log });
      const cluster = (await readPostgresRecord(stage.dataDir))?.cluster ?? "";
      expect(cluster).toMatch(/^\/var\/lib\/ozone\/clusters\/[0-9a-f]{16}\/cluster$/);
      expect(stage.lines.join("\n")).toContain(
        `can't enter ${stage.dir}: its data is kept in /var/lib/ozone`,
      );
      expect((await stat(stage.dir)).mode & 0o777).toBe(0o700);
      await first.stop();
      const second = await startPostgres({ dataDir: stage.dataDir, log: stage.log });
      expect((await readPostgresRecord(stage.dataDir))?.cluster).toBe(cluster);
      expect((await stopOrphans(stage.dataDir)).postgres).toBe(second.pid);
    });

    it("doesn't move an existing cluster that became unreachable, but says what blocks", async () => {
      const postgres = await startPostgres({ dataDir: stage.dataDir, log: stage.log });
      await postgres.stop();
      await chmod(stage.dir, 0o700);
      const again = startPostgres({ dataDir: stage.dataDir, log: stage.log });
      await expect(again).rejects.toThrow(
        `can't enter ${stage.dir}, where its cluster is: allow that (chmod o+x)`,
      );
    });

    it("copies the Postgres programs when the checkout can't be entered by nobody", async () => {
      await chmod(app.dir, 0o700);
      const parent = await runParent(script, [stage.dataDir, natsServer]);
      expect(parent.report.lines.join("\n")).toMatch(
        /can't be used in place; copying them to .*postgres-binaries-/,
      );
      expect(await commandLinesWith(join(stage.dataDir, "postgres-binaries-"))).toHaveLength(1);
      expect(await parent.finish()).toBe(0);
      await chmod(app.dir, 0o755);
    });
  });

  describe("started by an ordinary user", () => {
    // A user that every Linux has (daemon or bin): initdb wants a name for the user id.
    const user = { uid: 1, gid: 1 };

    it("runs both servers as that user, with a copy of programs whose package it can't write to", async () => {
      const binary = join(stage.dir, "nats-server");
      await copyFile(natsServer, binary);
      await chmod(binary, 0o755);
      await mkdir(stage.dataDir, { mode: 0o700 });
      await chown(stage.dataDir, user.uid, user.gid);
      const parent = await runParent(script, [stage.dataDir, binary], user);
      const { postgres, nats } = parent.report;
      expect(await ownerOf(postgres.pid)).toBe(user.uid);
      expect(await ownerOf(nats?.pid ?? 0)).toBe(user.uid);
      expect(parent.report.lines.join("\n")).toContain("can't be used in place");
      expect((await stat(stage.dataDir)).mode & 0o777).toBe(0o700);
      expect(await parent.finish()).toBe(0);
      const again = await runParent(script, [stage.dataDir, binary], user);
      expect(again.report.lines).toEqual([]);
      expect(again.report.nats?.url).toBe(nats?.url);
      expect(await again.finish()).toBe(0);
    });

    it("says what is missing when the user id has no name", async () => {
      const nameless = { uid: 12_345, gid: 12_345 };
      await mkdir(stage.dataDir, { mode: 0o700 });
      await chown(stage.dataDir, nameless.uid, nameless.gid);
      const parent = runParent(script, [stage.dataDir], nameless);
      await expect(parent).rejects.toThrow(
        /can't make its cluster[^.]*\. This user id has no entry in \/etc\/passwd/,
      );
      expect(await readdir(stage.dataDir)).not.toContain("cluster");
    });
  });
}

describe("the record of a Postgres", () => {
  it("names the account's process, readable by the starter only", async () => {
    const postgres = await startPostgres({ dataDir: stage.dataDir, log: stage.log });
    const text = await readFile(join(stage.dataDir, "postgres.json"), "utf8");
    expect(JSON.parse(text)).toMatchObject({ pid: postgres.pid });
    expect((await stat(join(stage.dataDir, "postgres.json"))).mode & 0o777).toBe(0o600);
    await postgres.stop();
  });
});
