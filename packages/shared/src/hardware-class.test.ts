import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  chipName,
  gpuName,
  HARDWARE_CLASS_MAX_LENGTH,
  type HardwareClassFacts,
  hardwareClass,
} from "./hardware-class.ts";
import { type GpuFacts, ISA_TIERS } from "./machine-facts.ts";

const GIB = 1024 ** 3;
const MIB = 1024 ** 2;

type Machine = {
  vendor?: string;
  brand?: string;
  cores?: number | null;
  isa?: HardwareClassFacts["cpu"]["isaTier"];
  ramGib?: number | null;
  gpus?: GpuFacts[] | null;
  os?: HardwareClassFacts["os"]["family"];
};

function machine(m: Machine): HardwareClassFacts {
  return {
    os: { family: m.os ?? "linux", release: "unknown", arch: "unknown" },
    cpu: {
      vendor: m.vendor ?? "AMD",
      brand: m.brand ?? "AMD EPYC",
      physicalCores: m.cores === undefined ? 2 : m.cores,
      logicalCores: null,
      usableCores: null,
      isaTier: m.isa ?? "avx512",
      features: [],
      l3Bytes: null,
    },
    memory: {
      totalBytes: m.ramGib === null ? null : Math.round((m.ramGib ?? 24) * GIB),
      limitBytes: null,
      bandwidthBytesPerSecond: null,
      cacheBandwidthBytesPerSecond: null,
      bandwidthMethod: "unknown",
    },
    gpus: m.gpus === undefined ? [] : m.gpus,
  };
}

function gpu(model: string, vramBytes: number | null, more: Partial<GpuFacts> = {}): GpuFacts {
  return {
    vendor: "unknown",
    model,
    vramBytes,
    driver: "unknown",
    unified: false,
    cores: null,
    index: null,
    ...more,
  };
}

const epyc = hardwareClass(machine({ brand: "AMD EPYC", ramGib: 23.4 }));

describe("the class of whole machines", () => {
  it.each<[string, Machine]>([
    ["amd-epyc-2c-avx512-24gb-linux", { brand: "AMD EPYC", ramGib: 23.4 }],
    [
      "intel-core-i7-1165g7-4c-avx512-32gb-linux",
      { vendor: "Intel", brand: "11th Gen Intel(R) Core(TM) i7-1165G7 @ 2.80GHz", cores: 4, ramGib: 31.1 },
    ],
    [
      "amd-ryzen-9-7950x-16c-avx512-64gb-nvidia-rtx-4090-24gb-linux",
      {
        brand: "AMD Ryzen 9 7950X 16-Core Processor",
        cores: 16,
        ramGib: 62.5,
        gpus: [
          gpu("NVIDIA GeForce RTX 4090", 24564 * MIB),
          gpu("AMD Radeon Graphics", 512 * MIB, { unified: true }),
        ],
      },
    ],
    [
      "amd-epyc-7b13-32c-avx2-256gb-2x-nvidia-rtx-3090-24gb-linux",
      {
        brand: "AMD EPYC 7B13",
        cores: 32,
        isa: "avx2",
        ramGib: 251.6,
        gpus: [
          gpu("NVIDIA GeForce RTX 3090", 24576 * MIB),
          gpu("RTX 3090", 24268 * MIB, { vendor: "nvidia" }),
        ],
      },
    ],
    [
      "apple-m2-pro-10c-neon-16gb-unified-macos",
      {
        vendor: "Apple",
        brand: "Apple M2 Pro",
        cores: 10,
        isa: "neon",
        ramGib: 16,
        os: "macos",
        gpus: [gpu("Apple M2 Pro", null, { vendor: "Apple", unified: true })],
      },
    ],
    [
      "apple-m1-8c-7gpu-neon-8gb-unified-macos",
      {
        vendor: "Apple",
        brand: "Apple M1",
        cores: 8,
        isa: "neon",
        ramGib: 8,
        os: "macos",
        gpus: [gpu("Apple M1", null, { vendor: "Apple", unified: true, cores: 7 })],
      },
    ],
    [
      "arm-cortex-x925-20c-sve-128gb-nvidia-gb10-unified-linux",
      {
        vendor: "ARM",
        brand: "Cortex-X925",
        cores: 20,
        isa: "sve",
        ramGib: 119.7,
        gpus: [gpu("NVIDIA GB10", null, { unified: true })],
      },
    ],
    [
      "unknown-chip-unknown-cores-unknown-isa-unknown-ram-unknown-gpu-unknown-other",
      {
        vendor: "unknown",
        brand: "unknown",
        cores: null,
        isa: "unknown",
        ramGib: null,
        gpus: null,
        os: "other",
      },
    ],
  ])("%s", (expected, described) => {
    expect(hardwareClass(machine(described))).toBe(expected);
  });

  it("counts only the cores and the memory that a container may use", () => {
    const facts = machine({ cores: 64, ramGib: 503 });
    facts.cpu.usableCores = 3.5;
    facts.memory.limitBytes = 8 * GIB;
    expect(hardwareClass(facts)).toBe("amd-epyc-4c-avx512-8gb-linux");
  });

  it("counts threads as threads when the number of cores is unknown", () => {
    const facts = machine({ cores: null });
    facts.cpu.logicalCores = 8;
    expect(hardwareClass(facts)).toContain("-8t-");
  });

  it("does not depend on the order in which GPUs are listed", () => {
    const cards = [
      gpu("NVIDIA L4", 23034 * MIB),
      gpu("NVIDIA GeForce RTX 3060", 12288 * MIB),
      gpu("Tesla T4", 15360 * MIB),
    ];
    const key = hardwareClass(machine({ gpus: cards }));
    expect(key).toBe("amd-epyc-2c-avx512-24gb-nvidia-l4-24gb-nvidia-t4-16gb-nvidia-rtx-3060-12gb-linux");
    expect(hardwareClass(machine({ gpus: cards.toReversed() }))).toBe(key);
  });

  it("keeps a machine whose GPUs could not be listed apart from one without GPUs", () => {
    expect(hardwareClass(machine({ gpus: null }))).not.toBe(hardwareClass(machine({ gpus: [] })));
  });
});

// Names of real machines. `table` = shared data table of public rates (its hardware column, whose remarks in
// parentheses such as "(znver2)" or "(GPU)" come from llamafile); `cpuinfo` = the spelling of the CPU itself.
describe("names of CPUs", () => {
  it.each([
    ["table", "11th Gen Intel Core i7-1165G7 @ 2.80GHz (tigerlake) (CPU)", "intel", "core-i7-1165g7"],
    ["table", "12th Gen Intel Core i7-1280P (alderlake) (CPU)", "intel", "core-i7-1280p"],
    ["table", "AMD Ryzen 7 3700X 8-Core Processor (znver2) (CPU)", "amd", "ryzen-7-3700x"],
    [
      "table",
      "AMD Ryzen Threadripper PRO 3955WX 16-Cores (znver2) (CPU)",
      "amd",
      "ryzen-threadripper-pro-3955wx",
    ],
    ["table", "Intel Core Ultra 9 185H (alderlake) (CPU)", "intel", "core-ultra-9-185h"],
    ["table", "Intel Core Ultra 9 285K (arrowlake-s) (CPU)", "intel", "core-ultra-9-285k"],
    ["table", "Intel Core i5-8500T CPU @ 2.10GHz (skylake) (CPU)", "intel", "core-i5-8500t"],
    ["table", "unknown (CPU)", "unknown", "chip-unknown"],
    ["cpuinfo", "Intel(R) Core(TM) i5-8500T CPU @ 2.10GHz", "intel", "core-i5-8500t"],
    ["cpuinfo", "Intel(R) Xeon(R) CPU E5-2680 v4 @ 2.40GHz", "intel", "xeon-e5-2680-v4"],
    ["cpuinfo", "INTEL(R) XEON(R) PLATINUM 8581C CPU @ 2.30GHz", "intel", "xeon-platinum-8581c"],
    ["cpuinfo", "AMD FX(tm)-8350 Eight-Core Processor", "amd", "fx-8350"],
    ["cpuinfo", "AMD Ryzen 7 7840U w/ Radeon  780M Graphics", "amd", "ryzen-7-7840u"],
    ["cpuinfo", "AMD Ryzen 5 5600G with Radeon Graphics", "amd", "ryzen-5-5600g"],
    ["cpuinfo", "AMD RYZEN AI MAX+ 395 w/ Radeon 8060S", "amd", "ryzen-ai-max-plus-395"],
    ["cpuinfo", "AMD EPYC 9654 96-Core Processor", "amd", "epyc-9654"],
    ["cpuinfo", "AMD EPYC-Milan Processor", "amd", "epyc-milan"],
    ["cpuinfo", "Apple M3 Max", "apple", "m3-max"],
    ["cpuinfo", "Ampere(R) Altra(R) Processor", "ampere", "altra"],
    ["cpuinfo", "Intel® Core™ i9-14900K", "intel", "core-i9-14900k"],
  ])("%s: %s", (_source, brand, vendor, expected) => {
    expect(chipName(brand, vendor)).toBe(expected);
  });
});

describe("names of GPUs", () => {
  it.each([
    ["table", "NVIDIA GeForce GTX 1070 Ti (GPU)", 8, "nvidia-gtx-1070-ti-8gb"],
    ["table", "NVIDIA GeForce RTX 3080 (GPU)", 10, "nvidia-rtx-3080-10gb"],
    ["table", "NVIDIA GeForce RTX 3080 Ti (GPU)", 12, "nvidia-rtx-3080-ti-12gb"],
    ["table", "NVIDIA GeForce RTX 3080 Laptop GPU (GPU)", 16, "nvidia-rtx-3080-laptop-gpu-16gb"],
    ["table", "NVIDIA GeForce RTX 4070 SUPER (GPU)", 12, "nvidia-rtx-4070-super-12gb"],
    ["table", "NVIDIA GeForce RTX 5070 Ti (GPU)", 15, "nvidia-rtx-5070-ti-16gb"],
    ["table", "NVIDIA GeForce RTX 5080 (GPU)", 15, "nvidia-rtx-5080-16gb"],
    ["table", "NVIDIA GeForce RTX 5080 (GPU)", 16, "nvidia-rtx-5080-16gb"],
    ["table", "NVIDIA GeForce RTX 5090 (GPU)", 31, "nvidia-rtx-5090-32gb"],
    ["table", "NVIDIA GeForce RTX 5090 (GPU)", 32, "nvidia-rtx-5090-32gb"],
    ["table", "NVIDIA H200 (GPU)", 140, "nvidia-h200-141gb"],
    ["table", "NVIDIA L4 (GPU)", 22, "nvidia-l4-24gb"],
    ["table", "NVIDIA RTX A2000 8GB Laptop GPU (GPU)", 8, "nvidia-rtx-a2000-laptop-gpu-8gb"],
    ["table", "NVIDIA RTX A2000 Laptop GPU (GPU)", 4, "nvidia-rtx-a2000-laptop-gpu-4gb"],
    ["table", "RTX 6000 Ada 48GB", 48, "nvidia-rtx-6000-ada-48gb"],
    ["table", "A100 PCIe 80GB", 80, "nvidia-a100-pcie-80gb"],
    ["table", "AMD Radeon RX 6700 XT (GPU)", 12, "amd-radeon-rx-6700-xt-12gb"],
    ["table", "AMD Radeon RX 9070 XT (GPU)", 16, "amd-radeon-rx-9070-xt-16gb"],
    ["table", "Radeon RX 7900 XTX (GPU)", 24, "amd-radeon-rx-7900-xtx-24gb"],
    ["driver", "NVIDIA RTX 6000 Ada Generation", 47.99, "nvidia-rtx-6000-ada-48gb"],
    ["driver", "NVIDIA A100-SXM4-80GB", 80, "nvidia-a100-sxm4-80gb"],
    ["driver", "NVIDIA L40S", 44.99, "nvidia-l40s-48gb"],
    ["driver", "Tesla T4", 15, "nvidia-t4-16gb"],
    ["driver", "Quadro RTX 6000", 24, "nvidia-quadro-rtx-6000-24gb"],
    ["driver", "NVIDIA GeForce RTX 2070 with Max-Q Design", 8, "nvidia-rtx-2070-with-max-q-design-8gb"],
    ["driver", "Intel(R) Arc(TM) A770 Graphics", 15.9, "intel-arc-a770-16gb"],
    ["driver", "AMD Instinct MI300X", 191.98, "amd-instinct-mi300x-192gb"],
    ["lspci", "GA102 [GeForce RTX 3090]", 24, "nvidia-rtx-3090-24gb"],
    ["lspci", "[AMD/ATI] Navi 31 [Radeon RX 7900 XT/7900 XTX]", 24, "amd-radeon-rx-7900-xt-7900-xtx-24gb"],
  ])("%s: %s with %s GiB", (_source, model, vramGib, expected) => {
    const vendor = model.startsWith("A100") ? "nvidia" : "unknown";
    const key = hardwareClass(machine({ gpus: [gpu(model, Math.round(vramGib * GIB), { vendor })] }));
    expect(key).toBe(`amd-epyc-2c-avx512-24gb-${expected}-linux`);
  });
});

describe("memory sizes", () => {
  it.each([
    [7.3, "8gb"],
    [13.5, "16gb"],
    [15.4, "16gb"],
    [18, "18gb"],
    [23.4, "24gb"],
    [25, "24gb"],
    [31, "32gb"],
    [31.3, "32gb"],
    [36, "36gb"],
    [62.7, "64gb"],
    [93.8, "96gb"],
    [127.3, "128gb"],
    [127.8, "128gb"],
    [503.5, "512gb"],
  ])("%s GiB of main memory is a machine of %s", (ramGib, tier) => {
    expect(hardwareClass(machine({ ramGib }))).toBe(`amd-epyc-2c-avx512-${tier}-linux`);
  });
});

const anyName = fc.oneof(
  fc.string({ unit: "binary", maxLength: 80 }),
  fc
    .array(
      fc.constantFrom(
        "8-core",
        "8",
        "core",
        "CPU",
        "AMD",
        "3GHz",
        "_3ghz",
        "GeForce",
        "24GB",
        "[",
        "]",
        "(",
        "with",
        "x",
      ),
      { maxLength: 30 },
    )
    .map((words) => words.join(" ")),
  fc
    .array(fc.constantFrom("geforce", "graphics", "8core", "-", "ab"), { minLength: 10, maxLength: 40 })
    .map((words) => words.join("")),
  fc.constantFrom(
    "../../etc/passwd",
    "\u001b[31mRTX 4090\u001b[0m",
    "\u202eRTX 4090",
    "A".repeat(4096),
    "C:\\con|<>:*?",
    "\u0000",
  ),
);

const anyMachine = fc
  .record({
    vendor: anyName,
    brand: anyName,
    model: anyName,
    vram: fc.option(fc.double({ min: 0, max: 1e15, noNaN: true })),
    isa: fc.constantFrom(...ISA_TIERS),
    count: fc.integer({ min: 0, max: 64 }),
  })
  .map(({ vendor, brand, model, vram, isa, count }) =>
    machine({
      vendor,
      brand,
      isa,
      gpus: Array.from({ length: count }, (_, i) => gpu(`${model} ${i % 5}`, vram)),
    }),
  );

describe("any names whatever", () => {
  it("give a bounded key of [a-z0-9-] without doubled or outer dashes", () => {
    fc.assert(
      fc.property(anyMachine, (facts) => {
        const key = hardwareClass(facts);
        expect(key).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
        expect(key.length).toBeLessThanOrEqual(HARDWARE_CLASS_MAX_LENGTH);
      }),
    );
  });

  it("clean to the same name when cleaned again", () => {
    fc.assert(
      fc.property(anyName, fc.constantFrom("amd", "nvidia", "unknown"), (name, vendor) => {
        const chip = chipName(name, vendor);
        expect(chipName(chip, vendor)).toBe(chip);
        const card = gpuName(name, vendor);
        expect(gpuName(card, vendor)).toBe(card);
      }),
      { numRuns: 1000 },
    );
  });

  it("give one key however they are spaced and capitalised", () => {
    const word = fc.constantFrom(
      "AMD",
      "Ryzen",
      "9",
      "7950X",
      "16-Core",
      "Processor",
      "RTX",
      "4090",
      "Laptop",
      "GPU",
    );
    fc.assert(
      fc.property(
        fc.array(word, { minLength: 1, maxLength: 8 }),
        fc.constantFrom(" ", "  ", "\t"),
        (words, gap) => {
          const tidy = machine({ vendor: "amd", brand: words.join(" "), gpus: [gpu(words.join(" "), GIB)] });
          const shouted = machine({
            vendor: " AMD ",
            brand: ` ${words.join(gap).toUpperCase()} `,
            gpus: [gpu(words.join(gap).toLowerCase(), GIB)],
          });
          expect(hardwareClass(shouted)).toBe(hardwareClass(tidy));
        },
      ),
    );
  });

  it("stay apart when they are long and differ only at their end", () => {
    const long = (end: string) => hardwareClass(machine({ brand: `AMD ${"very ".repeat(40)}${end}` }));
    expect(long("a")).not.toBe(long("b"));
  });

  it("cannot smuggle terminal codes or another class into the key", () => {
    expect(hardwareClass(machine({ brand: "\u001b[31mAMD EPYC\u001b[0m", ramGib: 23.4 }))).toBe(epyc);
    expect(hardwareClass(machine({ brand: "AMD EPYC\u202e\u0007", ramGib: 23.4 }))).toBe(epyc);
  });
});
