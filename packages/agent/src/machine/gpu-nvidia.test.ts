import { describe, expect, it } from "vitest";
import {
  parseNvidiaGpus,
  parseNvidiaProcesses,
  parseNvidiaUse,
  readNvidiaGpus,
  readNvidiaUse,
} from "./gpu-nvidia.ts";
import type { RunTool } from "./run-tool.ts";

// Texts as nvidia-smi documents them (nvidia-smi --help-query-gpu, --help-query-compute-apps) with figures of real
// cards; no such card was at hand when they were written.
const GPUS = `index, name, memory.total [MiB], driver_version
0, NVIDIA GeForce RTX 4090, 24564, 550.54.14
1, NVIDIA GeForce RTX 3060 Laptop GPU, 6144, 550.54.14
`;
const UNIFIED = "index, name, memory.total [MiB], driver_version\n0, NVIDIA GB10, [N/A], 580.82.07\n";
const USE_HEAD =
  "index, utilization.gpu [%], memory.used [MiB], temperature.gpu, clocks.sm [MHz], power.draw [W]";
const USE = `index, utilization.gpu [%], memory.used [MiB], temperature.gpu, clocks.sm [MHz], power.draw [W], clocks_throttle_reasons.active
0, 97, 22310, 71, 2520, 401.22, 0x0000000000000048
1, 0, 12, 44, 210, [N/A], 0x0000000000000001
`;
const PROCESSES = `pid, used_gpu_memory [MiB]
1234, 5120
1234, 4096
777, [N/A]
`;

describe("parseNvidiaGpus", () => {
  it("reads names, memory in bytes and the driver", () => {
    expect(parseNvidiaGpus(GPUS)).toEqual([
      {
        vendor: "nvidia",
        model: "NVIDIA GeForce RTX 4090",
        vramBytes: 24564 * 1024 ** 2,
        driver: "550.54.14",
        unified: false,
        cores: null,
        index: 0,
      },
      expect.objectContaining({
        model: "NVIDIA GeForce RTX 3060 Laptop GPU",
        vramBytes: 6144 * 1024 ** 2,
        index: 1,
      }),
    ]);
  });

  it("knows the chips that share the main memory, which have no memory of their own to report", () => {
    expect(parseNvidiaGpus(UNIFIED)).toEqual([expect.objectContaining({ vramBytes: null, unified: true })]);
  });

  it("finds nothing in an empty text and in a message", () => {
    expect(parseNvidiaGpus("")).toEqual([]);
    expect(parseNvidiaGpus("No devices were found\n")).toEqual([]);
  });
});

describe("parseNvidiaUse", () => {
  it("reads shares, bytes and the throttle bits", () => {
    expect(parseNvidiaUse(USE)).toEqual([
      {
        index: 0,
        busyShare: 0.97,
        memoryUsedBytes: 22310 * 1024 ** 2,
        temperatureCelsius: 71,
        clockMhz: 2520,
        powerWatts: 401.22,
        throttled: true,
      },
      expect.objectContaining({ busyShare: 0, powerWatts: null, throttled: false }),
    ]);
  });

  it("takes a board at its usual power limit for no throttling, a hot one for it", () => {
    const row = (bits: string) => parseNvidiaUse(USE.replace("0x0000000000000048", bits))[0]?.throttled;
    expect(["0x4", "0x1", "0x8", "0x20", "0x40", "0x80", "[N/A]"].map(row)).toEqual([
      false,
      false,
      true,
      true,
      true,
      true,
      null,
    ]);
  });

  it("leaves null what a driver does not tell", () => {
    const bare = parseNvidiaUse(`${USE_HEAD}\n0, [Not Supported], [N/A], [Unknown Error], [N/A], [N/A]\n`);
    expect(bare).toEqual([
      {
        index: 0,
        busyShare: null,
        memoryUsedBytes: null,
        temperatureCelsius: null,
        clockMhz: null,
        powerWatts: null,
        throttled: null,
      },
    ]);
  });
});

describe("parseNvidiaProcesses", () => {
  it("sums a process over its GPUs and keeps a hidden amount apart from zero", () => {
    expect([...parseNvidiaProcesses(PROCESSES)]).toEqual([
      [1234, 9216 * 1024 ** 2],
      [777, null],
    ]);
  });
});

describe("asking nvidia-smi", () => {
  it("says that the tool is missing, and tries where WSL has it", async () => {
    const asked: string[] = [];
    const run: RunTool = async (command) => {
      asked.push(command);
      return { ok: false, missing: true, reason: `${command} is not installed` };
    };
    expect(await readNvidiaGpus(run)).toEqual({
      gpus: null,
      reason: "nvidia-smi is not installed",
      missing: true,
    });
    if (process.platform === "linux") expect(asked).toContain("/usr/lib/wsl/lib/nvidia-smi");
  });

  it("hands on what a broken driver says", async () => {
    const reason = "nvidia-smi failed: Failed to initialize NVML: Driver/library version mismatch";
    const run: RunTool = async () => ({ ok: false, missing: false, reason });
    expect(await readNvidiaGpus(run)).toEqual({ gpus: null, reason, missing: false });
  });

  it("asks again without the throttle bits when the driver does not know them", async () => {
    const run: RunTool = async (_command, args) => {
      const query = args.join(" ");
      if (query.includes("throttle"))
        return { ok: false, missing: false, reason: "nvidia-smi failed: not a valid field" };
      return { ok: true, stdout: `${USE_HEAD}\n0, 5, 100, 40, 300, 20\n` };
    };
    expect(await readNvidiaUse(run)).toEqual([expect.objectContaining({ busyShare: 0.05, throttled: null })]);
  });
});
