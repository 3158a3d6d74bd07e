// Peaks of real process trees. Parent and child each take memory that is known, on command.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { afterEach, describe, expect, it } from "vitest";
import { type ResourceSampler, startResourceSampler } from "./resource-sampler.ts";

const MIB = 1024 ** 2;
const linux = process.platform === "linux";
const started = new Set<ChildProcess>();
const samplers = new Set<ResourceSampler>();

/** Takes 100 MiB, starts a child that takes 60 MiB, listens on a port, prints it; both end with their input. */
const TREE = `
const { spawn } = require("node:child_process");
const memory = Buffer.alloc(100 * 1024 * 1024, 1);
const child = spawn(process.execPath, ["-e", 'globalThis.memory = Buffer.alloc(60 * 1024 * 1024, 1); process.stdin.resume(); console.log("full")'], { stdio: ["pipe", "pipe", "inherit"] });
child.stdout.once("data", () => {
  const server = require("node:net").createServer().listen(0, "127.0.0.1", () => console.log(server.address().port));
});
process.stdin.on("end", () => process.exit(memory[0] - 1)).resume();
`;

async function startTree(): Promise<{ pid: number; port: number; end: () => Promise<void> }> {
  const child = spawn(process.execPath, ["-e", TREE], { stdio: ["pipe", "pipe", "inherit"] });
  started.add(child);
  const [printed] = (await once(child.stdout, "data")) as [Buffer];
  const end = async () => {
    const gone = once(child, "exit");
    child.stdin.end();
    await gone;
  };
  return { pid: child.pid ?? 0, port: Number(printed.toString()), end };
}

function startSampler(...options: Parameters<typeof startResourceSampler>): ResourceSampler {
  const sampler = startResourceSampler(...options);
  samplers.add(sampler);
  return sampler;
}

type Peaks = ReturnType<ResourceSampler["peaks"]>;

async function untilPeaks(sampler: ResourceSampler, enough: (peaks: Peaks) => boolean): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!enough(sampler.peaks())) {
    if (performance.now() > deadline) throw new Error(`last peaks: ${JSON.stringify(sampler.peaks())}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

afterEach(async () => {
  for (const sampler of samplers) await sampler.stop();
  samplers.clear();
  for (const child of started) if (child.exitCode === null) child.kill("SIGKILL");
  started.clear();
});

describe("a resource sampler", () => {
  it("sees the memory of a whole tree, and keeps the peak after the tree is gone", async () => {
    const tree = await startTree();
    const sampler = startSampler({ pid: tree.pid, intervalMs: 50 });
    await untilPeaks(sampler, ({ samples, pssBytes }) => samples >= 5 && (!linux || pssBytes !== null));
    await tree.end();
    const peaks = await sampler.stop();
    expect(peaks.processes).toBe(2);
    expect(peaks.rssBytes).toBeGreaterThan(160 * MIB);
    expect(peaks.rssBytes).toBeLessThan(500 * MIB);
    if (linux) {
      expect(peaks.pssBytes).toBeGreaterThan(160 * MIB);
      expect(peaks.pssBytes ?? 0).toBeLessThanOrEqual(peaks.rssBytes ?? 0);
    }
    expect(peaks.vramBytes).toBeNull(); // no GPU use of ours is listed, which is not the same as none
  });

  it("finds the tree by the port that it listens on", async () => {
    const tree = await startTree();
    const sampler = startSampler({ port: tree.port, intervalMs: 50 });
    await untilPeaks(sampler, ({ samples }) => samples >= 2);
    const peaks = await sampler.stop();
    expect(peaks.processes).toBe(2);
    expect(peaks.rssBytes).toBeGreaterThan(160 * MIB);
    if (linux) expect(peaks.pssBytes).toBeGreaterThan(160 * MIB); // read at the end, however short the sample
    await tree.end();
  });

  it("says unknown, and why, for a port that nobody listens on", async () => {
    const sampler = startSampler({ port: 1, intervalMs: 50 });
    const peaks = await sampler.stop();
    expect(peaks).toMatchObject({ rssBytes: null, pssBytes: null, samples: 0, processes: 0 });
    expect(peaks.notes.join()).toContain("port 1");
  });

  it("says unknown for a process that does not exist", async () => {
    const sampler = startSampler({ pid: 2 ** 22 + 1 });
    expect(await sampler.stop()).toMatchObject({ rssBytes: null, samples: 0 });
  });

  it("can be stopped twice, and stops at once however slow its pace", async () => {
    const sampler = startSampler({ pid: process.pid, intervalMs: 60_000 });
    const start = performance.now();
    const [first, second] = [await sampler.stop(), await sampler.stop()];
    expect(performance.now() - start).toBeLessThan(5000);
    expect(second).toEqual(first);
  });
});
