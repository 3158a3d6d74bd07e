// Load, ports and tools of the machine that runs the tests.
import { spawnSync } from "node:child_process";
import net from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { readConditions } from "./conditions.ts";
import { foreignLoadCores, takeCpuSnapshot } from "./foreign-load.ts";
import { findListener } from "./listening-port.ts";
import { runTool } from "./run-tool.ts";
import { waitUntilQuiet } from "./wait-until-quiet.ts";

const linux = process.platform === "linux";
const orphans = new Set<number>();

afterEach(() => {
  for (const pid of orphans) process.kill(pid, "SIGKILL");
  orphans.clear();
});

/** A process that computes and is not below this one: its parent has ended. Ends by itself after a minute. */
function startOrphan(): number {
  const script = "const end = Date.now() + 60000; while (Date.now() < end);";
  const shell = spawnSync("sh", ["-c", `"${process.execPath}" -e '${script}' >/dev/null 2>&1 & echo $!`], {
    encoding: "utf8",
  });
  const pid = Number(shell.stdout);
  orphans.add(pid);
  return pid;
}

describe.runIf(linux)("foreign load", () => {
  it("is that of processes outside our tree, unless they are named as ours", async () => {
    const pid = startOrphan();
    const [before, beforeOwned] = [await takeCpuSnapshot([]), await takeCpuSnapshot([pid])];
    await new Promise((resolve) => setTimeout(resolve, 1500)); // the interval that is measured
    const [after, afterOwned] = [await takeCpuSnapshot([]), await takeCpuSnapshot([pid])];
    if (!before || !beforeOwned || !after || !afterOwned) throw new Error("no snapshot on Linux");
    const foreign = foreignLoadCores(before, after) ?? 0;
    const withoutIt = foreignLoadCores(beforeOwned, afterOwned) ?? 0;
    // Both saw the same other load, whatever that is; they differ by the orphan, which wants one core.
    expect(foreign - withoutIt).toBeGreaterThan(0.2);
    expect(foreign - withoutIt).toBeLessThan(1.1);
  });

  it("keeps a machine from being quiet until it is gone or the limit comes", async () => {
    startOrphan();
    const outcome = await waitUntilQuiet({ limitMs: 900, intervalMs: 400 });
    expect(outcome.quiet).toBe(false);
    expect(outcome.foreignLoadCores).toBeGreaterThan(0.1);
    expect(outcome.waitedMs).toBeGreaterThan(390);
  });

  it("is no longer waited for when the signal aborts", async () => {
    const start = performance.now();
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(new Error("drained")), 200);
    const waiting = waitUntilQuiet({ limitMs: 60_000, intervalMs: 30_000, signal: stop.signal });
    await expect(waiting).rejects.toThrow("drained");
    clearTimeout(timer);
    expect(performance.now() - start).toBeLessThan(5000);
  });
});

describe("conditions of this machine", () => {
  it("have a value or an honest unknown in each place", async () => {
    const conditions = await readConditions({ intervalMs: 200 });
    if (linux) expect(conditions.availableMemoryBytes).toBeGreaterThan(0);
    expect(["mains", "battery", "unknown"]).toContain(conditions.powerSource);
    for (const value of [conditions.cpu.temperatureCelsius, conditions.cpu.clockMhz]) {
      if (value !== null) expect(value).toBeGreaterThan(0); // never the zero of a missing sensor
    }
    if (linux) expect(conditions.foreignLoadCores).toBeGreaterThanOrEqual(0);
  });
});

describe("findListener", () => {
  it("finds the process behind a port, and says so when there is none", async () => {
    const server = net.createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as net.AddressInfo;
    expect(await findListener(port)).toEqual({ pid: process.pid });
    await new Promise((resolve) => server.close(resolve));
    const after = await findListener(port);
    expect(after).toMatchObject({ pid: null, reason: expect.stringContaining(String(port)) });
  });
});

describe("runTool", () => {
  it("hands on what a tool prints", async () => {
    expect(await runTool(process.execPath, ["-p", "6*7"])).toEqual({ ok: true, stdout: "42\n" });
  });

  it("says that a tool is missing", async () => {
    expect(await runTool("ozone-no-such-tool", [])).toMatchObject({ ok: false, missing: true });
  });

  it("hands on the first line of a tool that fails", async () => {
    const outcome = await runTool(process.execPath, ["-e", "console.error('no driver'); process.exit(9)"]);
    expect(outcome).toMatchObject({
      ok: false,
      missing: false,
      reason: expect.stringContaining("no driver"),
    });
  });

  it("does not wait longer than its limit for a tool that hangs", async () => {
    const start = performance.now();
    const outcome = await runTool(process.execPath, ["-e", "setInterval(() => {}, 1000)"], 300);
    expect(outcome).toMatchObject({ ok: false, reason: expect.stringContaining("300 ms") });
    expect(performance.now() - start).toBeLessThan(5000);
  });
});
