// The doctor of a lab machine: its judgements, and the command on an empty folder and on one of a running agent.
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EngineKind } from "@ozone/proto/machine";
import type { Finding } from "@ozone/shared/doctor/findings";
import { judgeNode } from "@ozone/shared/doctor/judge-host";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { judgeCa, judgeEngine, judgeMembership, judgeSettings } from "./judge-fleet.ts";
import { judgeFolder, judgeGovernor, judgeLock, judgePower, judgeUser } from "./judge-host.ts";
import { runDoctor } from "./run-doctor.ts";

const GIB = 1024 ** 3;
const NOW_MS = Date.parse("2026-11-26T00:00:00Z");
const inDays = (days: number) => ({ validToMs: NOW_MS + days * 86_400_000 + 1 });
const server = { kind: EngineKind.OLLAMA, version: "0.12.6", reachable: true, problem: "" };
const folder = { path: "/data", exists: true, writable: true, freeBytes: 9 * GIB };
const member = {
  ...{ machineId: "m-1", enrolledAt: "lab:7464", keyMode: 0o600, busGiven: false },
  modesTell: true,
};

describe("what the doctor thinks", () => {
  it.each<[string, Finding | Finding[], string]>([
    ["Node 20.19 is enough", judgeNode("v20.19.0"), "ok"],
    ["Node 20.18 is not", judgeNode("v20.18.3"), "missing"],
    ["Node 24 is", judgeNode("v24.1.0"), "ok"],
    ["root sees more than the agent will", judgeUser("root", true), "warning"],
    ["a folder with room", judgeFolder(folder), "ok,ok"],
    ["a folder that can't be written", judgeFolder({ ...folder, writable: false }), "missing,ok"],
    ["a full disk", judgeFolder({ ...folder, freeBytes: 1e6 }), "ok,missing"],
    ["a disk that is nearly full", judgeFolder({ ...folder, freeBytes: GIB }), "ok,warning"],
    ["a disk that does not tell", judgeFolder({ ...folder, freeBytes: null }), "ok,unknown"],
    ["a battery", judgePower("battery"), "warning"],
    ["a machine without battery and charger", judgePower("unknown"), "unknown"],
    ["a governor that saves power", judgeGovernor("powersave"), "warning"],
    ["a lock that somebody holds is no trouble", judgeLock({ free: false }), "ok"],
    ["a lock that is not allowed", judgeLock({ problem: "Not allowed." }), "missing"],
    ["an Ollama", judgeEngine("http://x", server), "ok"],
    ["one that is too old", judgeEngine("http://x", { ...server, problem: "Too old." }), "missing"],
    ["one that is away", judgeEngine("http://x", { ...server, reachable: false }), "missing"],
    ["the reference engine", judgeEngine("http://x", { ...server, kind: EngineKind.REFERENCE }), "warning"],
    ["settings that can't be seen are unknown", judgeSettings(null), "unknown"],
    ["a member", judgeMembership(member), "ok"],
    ["a member whose key is open", judgeMembership({ ...member, keyMode: 0o644 }), "warning"],
    ["a machine that never enrolled", judgeMembership({ ...member, enrolledAt: null }), "missing"],
    ["one with a password", judgeMembership({ ...member, enrolledAt: null, busGiven: true }), "ok"],
    ["a CA that lasts", judgeCa(inDays(300), NOW_MS), "ok"],
    ["a CA that ends soon", judgeCa(inDays(3), NOW_MS), "warning"],
    ["a CA that has ended", judgeCa(inDays(-3), NOW_MS), "missing"],
  ])("%s", (_title, found, states) => {
    const findings = [found].flat();
    expect(findings.map(({ state }) => state).join(",")).toBe(states);
    for (const { state, advice } of findings) expect(advice === "").toBe(state === "ok");
  });

  it("shows only settings that matter, not what else the server's environment holds", () => {
    const { seen } = judgeSettings({ OLLAMA_NUM_PARALLEL: "4", AWS_SECRET_ACCESS_KEY: "s3cret" });
    expect(seen).toBe("OLLAMA_NUM_PARALLEL=4");
  });
});

describe("ozone-agent doctor", () => {
  let dataDir = "";
  beforeEach(() => {
    dataDir = join(mkdtempSync(join(tmpdir(), "ozone-doctor-")), "agent");
  });
  afterEach(() => rmSync(join(dataDir, ".."), { recursive: true, force: true }));

  async function ask(
    env: Record<string, string>,
  ): Promise<{ exitCode: number; found: Map<string, Finding> }> {
    const { text, exitCode } = await runDoctor(["--json", "--data-dir", dataDir], env);
    const { findings } = JSON.parse(text) as { findings: Finding[] };
    return { exitCode, found: new Map(findings.map((finding) => [finding.subject, finding])) };
  }

  it("says what a new machine lacks, and makes nothing", async () => {
    const { exitCode, found } = await ask({ OLLAMA_HOST: "127.0.0.1:1" });
    expect(exitCode).toBe(1);
    expect(found.get("ollama")?.state).toBe("missing");
    expect(found.get("identity")).toMatchObject({ state: "missing", seen: "not enrolled" });
    expect(found.get("bus")?.state).toBe("unknown");
    expect(existsSync(dataDir)).toBe(false);
  });

  it("finds server, process and identity of an agent at work, and a bus that is away", async () => {
    const ollama = createServer((_request, answer) => answer.end(JSON.stringify({ version: "0.13.0" })));
    await new Promise<void>((resolve) => ollama.listen(0, "127.0.0.1", resolve));
    mkdirSync(join(dataDir, "run"), { recursive: true });
    writeFileSync(join(dataDir, "identity.json"), JSON.stringify({ machineId: "m-0123456789" }));
    writeFileSync(join(dataDir, "run/agent.json"), JSON.stringify({ pid: process.pid }));
    chmodSync(dataDir, 0o700);
    const before = readdirSync(dataDir);
    const port = (ollama.address() as AddressInfo).port;
    const { found } = await ask({
      OLLAMA_HOST: `127.0.0.1:${port}`,
      OZONE_NATS_URL: "nats://u:s3cret@127.0.0.1:1",
    });
    ollama.close();
    expect(found.get("ollama")?.seen).toContain("0.13.0");
    expect(found.get("agent")).toMatchObject({ state: "ok", seen: `runs, process ${process.pid}` });
    expect(found.get("identity")?.state).toBe("ok");
    expect(found.get("bus")).toMatchObject({ state: "missing", seen: "nats://127.0.0.1:1" });
    expect(JSON.stringify([...found])).not.toContain("s3cret");
    expect(readdirSync(dataDir)).toEqual(before);
  });

  it("refuses words that it does not know", async () => {
    await expect(runDoctor(["--wrong"], {})).rejects.toThrow(/ozone-agent --help/);
  });
});
