import { describe, expect, it } from "vitest";
import { parseSystemProfiler } from "./gpu-apple.ts";

// Keys as `system_profiler -json SPDisplaysDataType` prints them in public records; put together for these tests,
// since no Mac was at hand.
const M2_PRO = JSON.stringify({
  SPDisplaysDataType: [
    {
      _name: "Apple M2 Pro",
      spdisplays_mtlgpufamilysupport: "spdisplays_metal3",
      spdisplays_ndrvs: [{ _name: "Color LCD", "_spdisplays_display-serial-number": "not to be read" }],
      spdisplays_vendor: "sppci_vendor_Apple",
      sppci_bus: "spdisplays_builtin",
      sppci_cores: "19",
      sppci_device_type: "spdisplays_gpu",
      sppci_model: "Apple M2 Pro",
    },
  ],
});
const INTEL_MAC = JSON.stringify({
  SPDisplaysDataType: [
    {
      _name: "kHW_IntelUHDGraphics630Item",
      sppci_model: "Intel UHD Graphics 630",
      spdisplays_vendor: "Intel",
      spdisplays_vram_shared: "1536 MB",
    },
    {
      _name: "kHW_AMDRadeonPro5500MItem",
      sppci_model: "AMD Radeon Pro 5500M",
      spdisplays_vendor: "sppci_vendor_amd",
      spdisplays_vram: "8 GB",
    },
  ],
});

describe("parseSystemProfiler", () => {
  it("reads Apple silicon as a GPU with cores and shared memory", () => {
    expect(parseSystemProfiler(M2_PRO)).toEqual([
      {
        vendor: "apple",
        model: "Apple M2 Pro",
        vramBytes: null,
        driver: "spdisplays_metal3",
        unified: true,
        cores: 19,
        index: 0,
      },
    ]);
  });

  it("tells the card of an older Mac from its integrated graphics", () => {
    expect(parseSystemProfiler(INTEL_MAC)).toEqual([
      expect.objectContaining({ vendor: "intel", unified: true, vramBytes: null, cores: null }),
      expect.objectContaining({ vendor: "amd", unified: false, vramBytes: 8 * 1024 ** 3 }),
    ]);
  });

  it.each(["", "not json", "{}", "null", '{"SPDisplaysDataType": [null, 3]}'])(
    "finds nothing in %j",
    (text) => {
      expect(parseSystemProfiler(text)).toEqual([]);
    },
  );
});
