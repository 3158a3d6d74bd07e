// The probe of the machine that runs the tests.
import { existsSync, readFileSync } from "node:fs";
import os from "node:os";
import { hardwareClass } from "@ozone/shared/hardware-class";
import { parseMachineFacts } from "@ozone/shared/machine-facts";
import { describe, expect, it } from "vitest";
import { probeMachine } from "./identify.ts";
import { measureMemoryBandwidth } from "./memory-bandwidth.ts";
import type { RunTool } from "./run-tool.ts";

const noTools: RunTool = async (command) => ({
  ok: false,
  missing: true,
  reason: `${command} is not installed`,
});

describe("probeMachine", () => {
  it("finds facts that survive the journey as JSON and name the machine's class twice alike", async () => {
    const facts = await probeMachine({ measureBandwidth: false });
    expect(parseMachineFacts(JSON.parse(JSON.stringify(facts)))).toEqual(facts);
    expect(facts.memory.totalBytes).toBe(os.totalmem());
    expect(facts.cpu.logicalCores).toBe(os.cpus().length);
    expect(facts.cpu.isaTier).not.toBe("unknown");
    const again = await probeMachine({ measureBandwidth: false, persistedHostId: facts.hostId });
    expect(hardwareClass(again)).toBe(hardwareClass(facts));
    expect(again.hostId).toBe(facts.hostId);
  });

  it("leaves no raw machine id in the facts", async () => {
    const file = "/etc/machine-id";
    const raw = existsSync(file) ? readFileSync(file, "utf8").trim() : "";
    const printed = JSON.stringify(await probeMachine({ measureBandwidth: false }));
    if (raw !== "") expect(printed).not.toContain(raw);
    expect(printed).not.toContain(os.hostname());
  });

  it("says why the bandwidth is unknown when it was not measured", async () => {
    const facts = await probeMachine({ measureBandwidth: false, run: noTools });
    expect(facts.memory.bandwidthBytesPerSecond).toBeNull();
    expect(facts.notes.join()).toContain("bandwidth");
  });

  it("reports the GPUs that a tool lists, and goes on when a tool hangs or lies", async () => {
    const csv = "index, name, memory.total [MiB], driver_version\n0, NVIDIA L4, 23034, 550.54\n";
    const listing: RunTool = async (command) =>
      command === "nvidia-smi" ? { ok: true, stdout: csv } : noTools(command, []);
    const facts = await probeMachine({ measureBandwidth: false, run: listing });
    if (process.platform !== "darwin") expect(hardwareClass(facts)).toContain("nvidia-l4-24gb");
    const broken: RunTool = async (command) => ({
      ok: false,
      missing: false,
      reason: `${command} gave no answer`,
    });
    const { notes } = await probeMachine({ measureBandwidth: false, run: broken });
    expect(notes.join()).toContain("gave no answer");
  });
});

describe("measureMemoryBandwidth", () => {
  it("measures within its time, faster from the cache than from memory or nearly so", async () => {
    const start = performance.now();
    const result = await measureMemoryBandwidth({ seconds: 0.8, l3Bytes: 32 * 1024 ** 2 });
    const tookMs = performance.now() - start;
    if (result === null) throw new Error(`only ${os.freemem()} bytes are free: too little to measure`);
    expect(result.bytesPerSecond).toBeGreaterThan(5e8); // slower than any machine that runs a model
    expect(result.bytesPerSecond).toBeLessThan(4e12);
    expect(result.cacheBytesPerSecond ?? 0).toBeGreaterThan(0.5 * result.bytesPerSecond);
    expect(result.threads).toBeGreaterThanOrEqual(1);
    expect(tookMs).toBeLessThan(3000); // 0.8 s on a quiet machine; tests share theirs
  });

  it("reads memory that it has written: pages never written are all one page, and come from a cache", async () => {
    const before = process.memoryUsage.rss();
    let peak = before;
    const watch = setInterval(() => {
      peak = Math.max(peak, process.memoryUsage.rss());
    }, 10);
    await measureMemoryBandwidth({ seconds: 0.5, l3Bytes: 32 * 1024 ** 2 });
    clearInterval(watch);
    expect(peak - before).toBeGreaterThan(120 * 1024 ** 2);
  });
});
