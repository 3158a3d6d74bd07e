// `ozone up`, `down` and `quickstart` through the built bundle, with stand-ins for the programs they start.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type FakeInstallation, installFakes } from "../../test/fake-installation.ts";
import { LOCAL_OLLAMA } from "./ollama-address.ts";
import { probeOllama } from "./ollama-probe.ts";
import { exists } from "./process-identity.ts";

let fakes: FakeInstallation;
let ollama: Server | null = null;

beforeEach(async () => {
  fakes = await installFakes();
});
afterEach(async () => {
  await fakes.remove();
  ollama?.close();
  ollama = null;
});

const pidOf = (which: "coordinator" | "engine" | "agent"): number => fakes.runFile(which)?.pid ?? 0;

async function startOllama(): Promise<string> {
  const server = createServer((request, response) => {
    const isVersion = request.url === "/api/version";
    response.end(
      JSON.stringify(isVersion ? { version: "0.24.0" } : { models: [{ name: "a" }, { name: "b" }] }),
    );
  });
  ollama = server;
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe("ozone up and down", () => {
  it("starts what is missing, says which engine and why, reuses it the second time, and stops it again", async () => {
    const local = await probeOllama(LOCAL_OLLAMA);
    const kind = local !== null && local.modelCount > 0 ? "ollama" : "reference";
    const first = await fakes.ozone(["up", "--json"]);
    expect(first.stderr).toContain("coordinator: starting Postgres");
    const up = JSON.parse(first.stdout);
    expect(up).toMatchObject({
      coordinator: { started: true },
      engine: { kind },
      machine: { id: "m-fake", agentStarted: true },
    });
    if (kind === "reference") expect(up.engine.notice).toContain("its timings are real, its text is noise");
    const pids = [pidOf("coordinator"), pidOf("agent")];

    const second = await fakes.ozone(["up"]);
    expect(second.code).toBe(0);
    expect(second.stdout.match(/was running/g)?.length).toBeGreaterThanOrEqual(2);
    expect([pidOf("coordinator"), pidOf("agent")]).toEqual(pids);
    expect((await fakes.ozone(["status"])).stdout).toContain("embedded");

    const down = await fakes.ozone(["down"]);
    expect(down.stdout).toMatch(/^Stopped: agent, (engine, )?coordinator\.\n$/);
    expect(pids.map(exists)).toEqual([false, false]);
    expect(existsSync(join(fakes.data, "leftovers-stopped"))).toBe(true);
    const again = await fakes.ozone(["down"]);
    expect([again.code, again.stdout]).toEqual([0, "Nothing was running.\n"]);
  });

  it("uses the Ollama that OLLAMA_HOST names, and moves a running agent over to it", async () => {
    await fakes.ozone(["up"]);
    const before = pidOf("agent");
    const host = await startOllama();
    const up = await fakes.ozone(["up", "--json"], { env: { OLLAMA_HOST: host } });
    expect(JSON.parse(up.stdout).engine).toMatchObject({ url: `http://${host}`, kind: "ollama", models: 2 });
    expect(fakes.runFile("agent")).toMatchObject({ engineUrl: `http://${host}` });
    expect(exists(before)).toBe(false);
    expect(fakes.runFile("engine")).toBeNull();
  });

  it("gives the coordinator the file of objectives as it was typed here, and refuses one that would not be read", async () => {
    const started = await fakes.ozone(["up", "--objectives", "mine.yaml"]);
    expect(started.code, started.stderr).toBe(0);
    expect(fakes.runFile("coordinator")).toMatchObject({
      objectives: expect.stringMatching(/^\/.*\/mine\.yaml$/),
    });
    const again = await fakes.ozone(["up", "--objectives", "mine.yaml"]);
    expect([again.code, again.stderr]).toEqual([
      2,
      "The coordinator runs already and reads objectives at its start only; run `ozone down` first.\n",
    ]);
    expect((await fakes.ozone(["up"])).code).toBe(0);
  });

  it("fails in one sentence when nothing answers at OLLAMA_HOST, and leaves nothing running", async () => {
    const { code, stdout, stderr } = await fakes.ozone(["up"], { env: { OLLAMA_HOST: "127.0.0.1:9" } });
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr.trim().split("\n").at(-1)).toMatch(
      /^No Ollama answers at http:\/\/127\.0\.0\.1:9 \(OLLAMA_HOST\); /,
    );
    expect(fakes.runFile("coordinator")).toBeNull();
  });

  it("tells the coordinator's own last error when it ends while starting", async () => {
    const { code, stderr } = await fakes.ozone(["up"], {
      env: { FAKE_COORDINATOR_FAILS: "The port 5000 is taken." },
    });
    expect(stderr.trim().split("\n").at(-1)).toBe("The port 5000 is taken.");
    expect(code).toBe(1);
  });

  it("recovers from a coordinator that was killed, and has its leftovers stopped", async () => {
    await fakes.ozone(["up"]);
    const killed = pidOf("coordinator");
    process.kill(killed, "SIGKILL");
    const down = await fakes.ozone(["down"]);
    expect(down.stdout).toMatch(/^Stopped: agent/);
    expect(existsSync(join(fakes.data, "leftovers-stopped"))).toBe(true);
    expect((await fakes.ozone(["up"])).code).toBe(0);
    expect(pidOf("coordinator")).not.toBe(killed);
  });

  it("never ends a process that only has the number of one of ours", async () => {
    await fakes.ozone(["up"]);
    await fakes.ozone(["down"]);
    writeFileSync(
      join(fakes.data, "run", "engine.json"),
      JSON.stringify({ pid: process.pid, url: "http://127.0.0.1:9" }),
    );
    const { code, stdout } = await fakes.ozone(["down"]);
    expect([code, stdout]).toEqual([0, "Nothing was running.\n"]);
  });
});

describe("ozone quickstart", () => {
  it("measures, prints presets with their evidence, writes the files, and stops what it started", async () => {
    const { code, stdout, stderr } = await fakes.ozone(["quickstart", "--out", "results"]);
    expect(stderr).toContain("trial 1 of 3");
    for (const purpose of ["fast_response", "balanced", "max_context"])
      expect(stdout).toContain(`${purpose} for`);
    expect(stdout).toContain("n 6");
    expect(stdout).toContain("results/report.html");
    expect(stdout).toContain("Synthetic: real timings");
    expect(readFileSync(join(fakes.data, "..", "results", "report.html"), "utf8")).toContain(
      "<!doctype html>",
    );
    expect(fakes.runFile("coordinator")).toBeNull();
    expect(code).toBe(0);
  });

  it("leaves running what ran before", async () => {
    await fakes.ozone(["up"]);
    const { code, stdout } = await fakes.ozone(["quickstart", "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({
      running: true,
      presets: [{ purpose: "fast_response" }, {}, {}],
    });
    expect(pidOf("coordinator")).toBeGreaterThan(0);
    expect(code).toBe(0);
  });

  it("says why the sweep failed, ends with 1, and still stops everything", async () => {
    const { code, stderr } = await fakes.ozone(["quickstart"], {
      env: { FAKE_SWEEP_FAILS: "No room for any model." },
    });
    expect(stderr.trim().split("\n").at(-1)).toContain("failed: No room for any model;");
    expect(fakes.runFile("coordinator")).toBeNull();
    expect(code).toBe(1);
  });

  it("cancels the sweep and stops everything at Ctrl-C", async () => {
    const { code, stderr } = await fakes.ozone(["quickstart"], {
      env: { FAKE_SWEEP_NEVER_ENDS: "1" },
      interruptAfter: /trial 1 of 3/,
    });
    expect(stderr.trim().split("\n").at(-1)).toBe("Interrupted; what was started is stopped.");
    expect(existsSync(join(fakes.data, "sweep-cancelled"))).toBe(true);
    expect(fakes.runFile("coordinator")).toBeNull();
    expect(fakes.runFile("agent")).toBeNull();
    expect(code).toBe(1);
  });
});
