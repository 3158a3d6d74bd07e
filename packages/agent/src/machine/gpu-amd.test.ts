import { describe, expect, it } from "vitest";
import { parseAmdSmi, parseRocmSmi, readAmdGpus } from "./gpu-amd.ts";
import type { RunTool } from "./run-tool.ts";

// Key names and values as rocm-smi and amd-smi print them in public records (ROCm 5 to 7); the documents themselves
// are put together for these tests, since no AMD GPU was at hand.
const ROCM = `WARNING: AMD GPU device(s) is/are in a low-power state. Check power control/runtime_status

{"card0": {"VRAM Total Memory (B)": "536870912", "VRAM Total Used Memory (B)": "511442944",
  "Card Series": "AMD Radeon 8060S Graphics", "Card Model": "0x1586", "GFX Version": "gfx1151"},
 "card1": {"VRAM Total Memory (B)": "17163091968", "VRAM Total Used Memory (B)": "8581545984",
  "Card Series": "AMD Radeon RX 9070 XT", "Card Model": "0x7550", "GFX Version": "gfx1201"},
 "system": {"Driver version": "6.14.14"}}
`;
const ROCM_OLD = `{"card0": {"VRAM Total Memory (B)": "17163091968", "Card series": "Radeon RX 6800 XT", "Card model": "0x744c"}}`;
const ROCM_NAMELESS = `{"card0": {"VRAM Total Memory (B)": "308902100992", "Card Series": "N/A", "Card Model": "0x75b0"}}`;
const AMD_SMI_LIST = `[{"gpu": 0, "asic": {"market_name": "AMD Instinct MI300X", "vendor_id": "0x1002", "device_id": "0x74a1"},
  "vram": {"type": "HBM3", "vendor": "N/A", "size": {"value": 196592, "unit": "MB"}},
  "driver": {"name": "amdgpu", "version": "6.8.5"}}]`;
const AMD_SMI_WRAPPED = `{"gpu_data": [
  {"gpu": 1, "asic": {"market_name": "AMD Radeon RX 7900 XTX"}, "vram": {"size": {"value": 24560, "unit": "MB"}}},
  {"gpu": 0, "asic": {"market_name": "N/A"}, "vram": {"size": "N/A"}}]}`;

describe("parseRocmSmi", () => {
  it("reads cards behind a warning, and sees that an APU's carve-out is not its memory", () => {
    expect(parseRocmSmi(ROCM)).toEqual([
      expect.objectContaining({
        model: "AMD Radeon 8060S Graphics",
        vramBytes: null,
        unified: true,
        driver: "6.14.14",
      }),
      {
        vendor: "amd",
        model: "AMD Radeon RX 9070 XT",
        vramBytes: 17_163_091_968,
        driver: "6.14.14",
        unified: false,
        cores: null,
        index: 1,
      },
    ]);
  });

  it("reads the keys of older releases", () => {
    expect(parseRocmSmi(ROCM_OLD)).toEqual([
      expect.objectContaining({ model: "Radeon RX 6800 XT", vramBytes: 17_163_091_968, driver: "unknown" }),
    ]);
  });

  it("takes a device number for no name", () => {
    expect(parseRocmSmi(ROCM_NAMELESS)).toEqual([
      expect.objectContaining({ model: "unknown", unified: null }),
    ]);
  });

  it.each(["", "ERROR: No AMD GPUs", "{ not json", "[]", "null", '{"card0": 7}'])("survives %j", (text) => {
    expect(parseRocmSmi(text).every((gpu) => gpu.vramBytes === null)).toBe(true);
  });
});

describe("parseAmdSmi", () => {
  it("reads the bare list of ROCm 6 and takes its MB for MiB", () => {
    expect(parseAmdSmi(AMD_SMI_LIST)).toEqual([
      expect.objectContaining({
        model: "AMD Instinct MI300X",
        vramBytes: 196_592 * 1024 ** 2,
        driver: "6.8.5",
        index: 0,
      }),
    ]);
  });

  it("reads the wrapped list of ROCm 7, with unknown where a card says N/A", () => {
    expect(parseAmdSmi(AMD_SMI_WRAPPED)).toEqual([
      expect.objectContaining({ model: "AMD Radeon RX 7900 XTX", vramBytes: 24_560 * 1024 ** 2, index: 1 }),
      expect.objectContaining({ model: "unknown", vramBytes: null, index: 0 }),
    ]);
  });
});

describe("readAmdGpus", () => {
  const answering =
    (answers: Record<string, string>): RunTool =>
    async (command) => {
      const stdout = answers[command];
      return stdout === undefined
        ? { ok: false, missing: true, reason: "not installed" }
        : { ok: true, stdout };
    };

  it("falls back to rocm-smi when the newer tool lists nothing", async () => {
    const { gpus } = await readAmdGpus(answering({ "amd-smi": "[]", "/opt/rocm/bin/rocm-smi": ROCM_OLD }));
    expect(gpus).toHaveLength(1);
  });

  it("answers null without a reason where no tool is installed", async () => {
    expect(await readAmdGpus(answering({}))).toEqual({ gpus: null, reason: null });
  });

  it("gives the reason when a tool runs and lists nothing", async () => {
    expect(await readAmdGpus(answering({ "rocm-smi": "{}" }))).toEqual({
      gpus: null,
      reason: "rocm-smi lists no GPU",
    });
  });
});
