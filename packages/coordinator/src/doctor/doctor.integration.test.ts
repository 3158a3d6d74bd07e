// The doctor on a real Postgres and a real nats-server, before and after Ozone has used them.
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Finding } from "@ozone/shared/doctor/findings";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readConfig } from "../config.ts";
import { openStore } from "../store/open-store.ts";
import { insertRoleToken, revokeRoleToken } from "../store/role-tokens.ts";
import { openRealParts, type RealParts } from "../testing/real-parts.ts";
import { runDoctor } from "./run-doctor.ts";

const CLI = fileURLToPath(new URL("../../../cli/bin/ozone.js", import.meta.url));
let parts: RealParts;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "ozone-doctor-"));
  parts = await openRealParts();
});
afterAll(async () => {
  await parts.close();
  rmSync(folder, { recursive: true, force: true });
});

describe("ozone-coordinator doctor on real parts", () => {
  it("sees an empty database and one with tables and tokens, and what the bus is", async () => {
    const url = await parts.newDatabase();
    const env = {
      ...{ OZONE_DATA_DIR: folder, OZONE_DATABASE_URL: url, OZONE_NATS_URL: parts.natsUrl },
      OZONE_GRPC_ADDRESS: "0.0.0.0:0",
    };
    const look = async (changed: Record<string, string> = {}) => {
      const { text } = await runDoctor(["--json"], readConfig({ ...env, ...changed }));
      const { findings } = JSON.parse(text) as { findings: Finding[] };
      return (subject: string) => findings.find((one) => one.subject === subject);
    };
    const before = await look();
    expect(before("postgres")).toMatchObject({
      state: "ok",
      seen: expect.stringMatching(/^18\.\d+ at 127\.0\.0\.1:/),
    });
    expect(before("tables")?.seen).toMatch(/none yet/);
    expect(before("role tokens")?.state).toBe("warning");
    expect(before("bus")?.seen).toMatch(/^nats-server 2\.\d+\.\d+ at nats:\/\/127\.0\.0\.1:\d+$/);
    const again = await look({ OZONE_NATS_REPLICAS: "3" });
    // It still has none: looking makes no tables.
    expect([again("tables")?.seen, again("bus")?.state]).toEqual([before("tables")?.seen, "missing"]);

    const store = await openStore(url, () => undefined);
    const token = { name: "me", hash: new Uint8Array(32), expiresInMs: null };
    await insertRoleToken(store.db, { ...token, id: "t-1", role: "admin" });
    await insertRoleToken(store.db, { ...token, id: "t-2", role: "viewer" });
    await insertRoleToken(store.db, { ...token, id: "t-3", role: "admin", expiresInMs: -1_000 });
    await insertRoleToken(store.db, { ...token, id: "t-4", role: "admin" });
    await revokeRoleToken(store.db, "t-4");
    await store.close();
    const after = await look();
    expect(after("tables")?.seen).toBe("as this version has it");
    expect(after("role tokens")).toMatchObject({ state: "ok", seen: "1 of an admin" });
    const wrong = await look({ OZONE_DATABASE_URL: url.replace(/:[^:@]+@/, ":guess@") });
    expect(wrong("postgres")).toMatchObject({ state: "missing", seen: expect.stringContaining("password") });
  });

  it("is what `ozone doctor` shows, with its exit code", async () => {
    const env = { PATH: process.env.PATH ?? "", HOME: folder, OZONE_DATA_DIR: folder };
    const ozone = (changed: Record<string, string>) =>
      promisify(execFile)(process.execPath, [CLI, "doctor", "--json"], { env: { ...env, ...changed } }).then(
        ({ stdout }) => ({ code: 0, stdout }),
        (thrown: { code: number; stdout: string }) => thrown,
      );
    const well = { OZONE_DATABASE_URL: await parts.newDatabase(), OZONE_NATS_URL: parts.natsUrl };
    const [ok, away] = await Promise.all([
      ozone(well),
      ozone({ ...well, OZONE_NATS_URL: "nats://127.0.0.1:1" }),
    ]);
    expect([ok.code, away.code]).toEqual([0, 1]);
    for (const { stdout } of [ok, away]) expect(JSON.parse(stdout).findings.length).toBeGreaterThan(5);
  });
});
