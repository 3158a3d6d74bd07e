import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { OzoneError } from "./errors.ts";
import { FACT_TEXT_MAX_LENGTH, factText, type MachineFacts, parseMachineFacts } from "./machine-facts.ts";

const facts: MachineFacts = {
  hostId: "0123456789abcdef0123456789abcdef",
  os: { family: "linux", release: "6.18.44", arch: "x64" },
  cpu: {
    vendor: "AMD",
    brand: "AMD EPYC",
    physicalCores: 2,
    logicalCores: 2,
    usableCores: 2,
    isaTier: "avx2",
    features: ["avx", "avx2", "fma"],
    l3Bytes: 33_554_432,
  },
  memory: {
    totalBytes: 25_000_000_000,
    limitBytes: null,
    bandwidthBytesPerSecond: 43e9,
    cacheBandwidthBytesPerSecond: 120e9,
    bandwidthMethod: "memchr",
  },
  gpus: [
    {
      vendor: "nvidia",
      model: "L4",
      vramBytes: 24e9,
      driver: "550.54",
      unified: false,
      cores: null,
      index: 0,
    },
  ],
  virtualised: true,
  powerSource: "unknown",
  numaNodes: 1,
  notes: ["No temperature sensor is readable."],
};

describe("parseMachineFacts", () => {
  it("returns what was sent when facts travel as JSON", () => {
    expect(parseMachineFacts(JSON.parse(JSON.stringify(facts)))).toEqual(facts);
  });

  it("accepts null and the literal unknown wherever something could not be found out", () => {
    const bare: MachineFacts = {
      hostId: facts.hostId,
      os: { family: "other", release: "unknown", arch: "unknown" },
      cpu: {
        vendor: "unknown",
        brand: "unknown",
        physicalCores: null,
        logicalCores: null,
        usableCores: null,
        isaTier: "unknown",
        features: [],
        l3Bytes: null,
      },
      memory: {
        totalBytes: null,
        limitBytes: null,
        bandwidthBytesPerSecond: null,
        cacheBandwidthBytesPerSecond: null,
        bandwidthMethod: "unknown",
      },
      gpus: null,
      virtualised: null,
      powerSource: "unknown",
      numaNodes: null,
      notes: [],
    };
    expect(parseMachineFacts(bare)).toEqual(bare);
  });

  it("drops keys of a newer agent instead of refusing the machine", () => {
    expect(parseMachineFacts({ ...facts, somethingNew: 1 })).toEqual(facts);
  });

  it.each([
    ["a raw machine id", { hostId: "my-laptop" }, "hostId"],
    ["an ISA tier outside the list", { cpu: { ...facts.cpu, isaTier: "avx1024" } }, "cpu.isaTier"],
    ["zero cores instead of null", { cpu: { ...facts.cpu, physicalCores: 0 } }, "cpu.physicalCores"],
    ["a name of 4 KB", { cpu: { ...facts.cpu, brand: "x".repeat(4096) } }, "cpu.brand"],
    [
      "a text where a number belongs",
      { memory: { ...facts.memory, totalBytes: "24 GB" } },
      "memory.totalBytes",
    ],
  ])("refuses %s and names the field", (_what, change, field) => {
    const attempt = () => parseMachineFacts({ ...facts, ...change });
    expect(attempt).toThrow(OzoneError);
    expect(attempt).toThrow(field);
  });
});

describe("factText", () => {
  it("says unknown for what is no text and for empty text", () => {
    expect([undefined, null, 7, "", "  \n "].map(factText)).toEqual(Array(5).fill("unknown"));
  });

  it("turns any text into one bounded line without control or direction characters, and is idempotent", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 600 }), (raw) => {
        const cleaned = factText(raw);
        expect(cleaned.length).toBeGreaterThan(0);
        expect(cleaned.length).toBeLessThanOrEqual(FACT_TEXT_MAX_LENGTH);
        expect(cleaned).not.toMatch(/[\p{Cc}\p{Cf}]/u);
        expect(factText(cleaned)).toBe(cleaned);
      }),
    );
  });
});
