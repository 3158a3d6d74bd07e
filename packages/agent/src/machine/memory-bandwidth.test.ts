import { describe, expect, it } from "vitest";
import { planArrays, READ_CEILING_FACTOR, readCeilingBytesPerSecond } from "./memory-bandwidth.ts";

const MIB = 1024 ** 2;
const GIB = 1024 * MIB;
const sum = (values: number[]) => values.reduce((a, b) => a + b, 0);

describe("planArrays", () => {
  it.each([
    [32 * MIB, 2],
    [96 * MIB, 8],
    [256 * MIB, 16],
    [null, 4],
  ])("takes arrays far larger than a cache of %s bytes for %s threads", (l3Bytes, threads) => {
    const plan = planArrays(l3Bytes, threads, 64 * GIB);
    expect(plan?.bytesByThread).toHaveLength(threads);
    expect(sum(plan?.bytesByThread ?? [])).toBeGreaterThanOrEqual(4 * (l3Bytes ?? 32 * MIB));
    // The first thread also reads alone, and its share has to exceed the cache by itself.
    expect(plan?.bytesByThread[0]).toBeGreaterThanOrEqual(2 * (l3Bytes ?? 32 * MIB));
  });

  it("never takes more than a quarter of the available memory", () => {
    for (const availableBytes of [GIB, 2 * GIB, 5 * GIB, 100 * GIB]) {
      const plan = planArrays(64 * MIB, 8, availableBytes);
      expect(sum(plan?.bytesByThread ?? [])).toBeLessThanOrEqual(availableBytes / 4);
    }
  });

  it("refuses when so little is free that caches would be measured", () => {
    expect(planArrays(32 * MIB, 2, 256 * MIB)).toBeNull();
    expect(planArrays(256 * MIB, 16, 2 * GIB)).toBeNull();
  });

  it("keeps the arrays for the cache inside it", () => {
    const plan = planArrays(32 * MIB, 2, 64 * GIB);
    expect((plan?.cacheBytesPerThread ?? 0) * 2).toBeLessThanOrEqual(16 * MIB);
    expect(planArrays(null, 2, 64 * GIB)?.cacheBytesPerThread).toBeNull();
  });
});

describe("readCeilingBytesPerSecond", () => {
  const memory = { bandwidthBytesPerSecond: 40e9, cacheBandwidthBytesPerSecond: 140e9 };

  it("allows a large model the memory's bandwidth times the safety factor", () => {
    expect(readCeilingBytesPerSecond(memory, 32 * MIB, 4 * GIB)).toBe(40e9 * READ_CEILING_FACTOR);
  });

  it("allows a model that fits the caches, or nearly, their bandwidth", () => {
    expect(readCeilingBytesPerSecond(memory, 32 * MIB, 100 * MIB)).toBe(140e9 * READ_CEILING_FACTOR);
  });

  it("is unknown rather than too low when a bandwidth or the cache is unknown", () => {
    const unmeasured = { bandwidthBytesPerSecond: null, cacheBandwidthBytesPerSecond: null };
    expect(readCeilingBytesPerSecond(unmeasured, 32 * MIB, GIB)).toBeNull();
    expect(
      readCeilingBytesPerSecond({ ...memory, cacheBandwidthBytesPerSecond: null }, null, GIB),
    ).toBeNull();
  });
});
