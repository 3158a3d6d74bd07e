// What the doctor of a coordinator thinks, and that looking makes nothing.
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Finding } from "@ozone/shared/doctor/findings";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readConfig } from "../config.ts";
import { judgeBusCa, judgeCertificate, judgePort, judgeTokens } from "./judge-doors.ts";
import { judgeBus, judgeCallout, judgeDatabase, judgeNatsProgram } from "./judge-parts.ts";
import { runDoctor } from "./run-doctor.ts";

const NOW_MS = Date.parse("2026-11-26T00:00:00Z");
const inDays = (days: number) => NOW_MS + days * 86_400_000 + 1;
const database = {
  ...{ version: "18.4", problem: null, isStandby: false, mayMake: true, adminTokens: 0 },
  schema: "current" as const,
};
const bus = { version: "2.12.6", jetstream: true, isCluster: false, isEncrypted: false };
const here = { isLoopback: true, replicas: null };
const elsewhere = { isLoopback: false, replicas: null };
const program = (version: string, forOthers = false) =>
  judgeNatsProgram({ version, source: "PATH" }, { forOthers, maybeFetched: false });

describe("what the doctor of a coordinator thinks", () => {
  it.each<[string, Finding | Finding[], string]>([
    ["a Postgres", judgeDatabase("db/ozone", database), "ok,ok"],
    ["one without tables", judgeDatabase("db/ozone", { ...database, schema: null }), "ok,ok"],
    [
      "one that a newer Ozone used",
      judgeDatabase("db/ozone", { ...database, schema: "newer" }),
      "ok,warning",
    ],
    ["an old Postgres", judgeDatabase("db/ozone", { ...database, version: "13.9" }), "warning,ok"],
    ["a standby", judgeDatabase("db/ozone", { ...database, isStandby: true }), "missing"],
    ["a user without rights", judgeDatabase("db/ozone", { ...database, mayMake: false }), "missing"],
    ["no Postgres", judgeDatabase("db/ozone", { ...database, version: null, problem: "no" }), "missing"],
    ["a new nats-server", program("2.12.6"), "ok,ok"],
    ["2.10 flushes, but is not recommended", program("2.10.27"), "warning,ok"],
    ["2.9 works, and can't flush", program("2.9.10"), "warning,warning"],
    ["2.9 for other machines", program("2.9.10", true), "missing"],
    ["2.12.5 for other machines has holes", program("2.12.5", true), "missing"],
    ["none, but Debian's", judgeNatsProgram(null, { forOthers: false, maybeFetched: true }), "warning"],
    ["none at all", judgeNatsProgram(null, { forOthers: false, maybeFetched: false }), "missing"],
    [
      "one that can't run",
      judgeNatsProgram({ problem: "no" }, { forOthers: false, maybeFetched: true }),
      "missing",
    ],
    ["a bus here", judgeBus("nats://127.0.0.1", bus, here), "ok,unknown"],
    ["a bus elsewhere without TLS", judgeBus("nats://bus", bus, elsewhere), "ok,warning,unknown"],
    ["a bus elsewhere", judgeBus("tls://bus", { ...bus, isEncrypted: true }, elsewhere), "ok,unknown"],
    ["an old bus here", judgeBus("nats://127.0.0.1", { ...bus, version: "2.9.10" }, here), "warning,warning"],
    [
      "an old bus elsewhere",
      judgeBus("tls://bus", { ...bus, version: "2.9.10", isEncrypted: true }, elsewhere),
      "warning,warning",
    ],
    ["a bus of another age", judgeBus("nats://127.0.0.1", { ...bus, version: "2.2.0" }, here), "missing"],
    ["a bus without JetStream", judgeBus("nats://127.0.0.1", { ...bus, jetstream: false }, here), "missing"],
    ["one server for three replicas", judgeBus("nats://127.0.0.1", bus, { ...here, replicas: 3 }), "missing"],
    [
      "a cluster for three replicas",
      judgeBus("nats://127.0.0.1", { ...bus, isCluster: true }, { ...here, replicas: 3 }),
      "ok,unknown",
    ],
    ["a callout", judgeCallout("nats://bus", { version: "2.10.29" }), "ok"],
    ["one on a bus that knows none", judgeCallout("nats://bus", { version: "2.9.10" }), "missing"],
    ["one without its keys", judgeCallout("nats://bus", { problem: "No." }), "missing"],
    ["a free port", judgePort("X", "127.0.0.1:1", { look: "free", runningPid: null }), "ok"],
    ["our own port", judgePort("X", "127.0.0.1:1", { look: "taken", runningPid: 7 }), "ok"],
    ["somebody's port", judgePort("X", "127.0.0.1:1", { look: "taken", runningPid: null }), "missing"],
    [
      "a port for root",
      judgePort("X", "127.0.0.1:1", { look: { problem: "EACCES" }, runningPid: 7 }),
      "missing",
    ],
    ["no certificate needed", judgeCertificate("not needed", NOW_MS), "ok"],
    ["our certificate is replaced", judgeCertificate({ validToMs: inDays(3), brought: false }, NOW_MS), "ok"],
    ["one brought that lasts", judgeCertificate({ validToMs: inDays(90), brought: true }, NOW_MS), "ok"],
    ["one brought that ends", judgeCertificate({ validToMs: inDays(3), brought: true }, NOW_MS), "warning"],
    ["one that has ended", judgeCertificate({ validToMs: inDays(-3), brought: false }, NOW_MS), "missing"],
    ["one that can't be read", judgeCertificate({ problem: "No." }, NOW_MS), "missing"],
    ["a CA of the bus that ends", judgeBusCa({ validToMs: inDays(9) }, NOW_MS), "warning"],
    ["nobody from outside needs a token", judgeTokens(0, false), "ok"],
    ["an admin has a token", judgeTokens(1, true), "ok"],
    ["nobody could do anything", judgeTokens(0, true), "warning"],
    ["tokens that were not seen", judgeTokens(null, true), "unknown"],
  ])("%s", (_title, found, states) => {
    const findings = [found].flat();
    expect(findings.map(({ state }) => state).join(",")).toBe(states);
    for (const { state, advice } of findings) expect(advice === "").toBe(state === "ok");
  });
});

describe("ozone-coordinator doctor", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "ozone-doctor-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  async function ask(env: Record<string, string>) {
    const config = readConfig({ OZONE_DATA_DIR: join(folder, "data"), ...env });
    const { text, exitCode } = await runDoctor(["--json"], config);
    const { findings } = JSON.parse(text) as { findings: Finding[] };
    return { exitCode, text, of: (subject: string) => findings.filter((one) => one.subject === subject) };
  }

  it("says what is away, with no password, and makes nothing", async () => {
    const { exitCode, text, of } = await ask({
      OZONE_DATABASE_URL: "postgres://u:s3cret@127.0.0.1:1/ozone",
      OZONE_NATS_URL: "nats://u:s3cret@127.0.0.1:1",
    });
    expect(exitCode).toBe(1);
    expect([of("postgres")[0]?.state, of("bus")[0]?.state]).toEqual(["missing", "missing"]);
    expect(of("data folder")[0]).toMatchObject({
      state: "ok",
      seen: expect.stringContaining("made at the first start"),
    });
    expect(text).not.toContain("s3cret");
    expect(existsSync(join(folder, "data"))).toBe(false);
  });

  it("sees an address that somebody has, a nats-server that is none, and a certificate that is none", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => taken.once("listening", resolve));
    const address = taken.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    writeFileSync(join(folder, "nats"), "#!/bin/sh\necho hello\n");
    chmodSync(join(folder, "nats"), 0o755);
    writeFileSync(join(folder, "cert.pem"), "none");
    const { exitCode, of } = await ask({
      OZONE_HTTP_ADDRESS: `127.0.0.1:${port}`,
      OZONE_GRPC_ADDRESS: "0.0.0.0:0",
      OZONE_NATS_SERVER: join(folder, "nats"),
      OZONE_TLS_CERT: join(folder, "cert.pem"),
      OZONE_TLS_KEY: join(folder, "cert.pem"),
    });
    taken.close();
    expect(exitCode).toBe(1);
    expect(of("port").map(({ state, seen }) => [state, seen])).toEqual([
      ["missing", `OZONE_HTTP_ADDRESS 127.0.0.1:${port}: another program listens there`],
    ]);
    expect(of("nats-server")[0]).toMatchObject({
      state: "missing",
      advice: expect.stringContaining("not a nats-server"),
    });
    expect(of("certificate")[0]).toMatchObject({
      state: "missing",
      advice: expect.stringContaining("PEM files"),
    });
  });

  it("refuses words that it does not know", async () => {
    await expect(runDoctor(["--wrong"], readConfig({}))).rejects.toThrow(/doctor \[--json\]/);
  });
});
