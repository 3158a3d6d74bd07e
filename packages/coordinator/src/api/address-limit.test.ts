import { describe, expect, it } from "vitest";
import { createAddressLimit, ENROL_COST, sourceOf } from "./address-limit.ts";

describe("the limit of calls without a role token", () => {
  it("lets 20 machines behind one address enrol at once, then two a second, and leaves other addresses alone", () => {
    let nowMs = 0;
    const allows = createAddressLimit(() => nowMs);
    const tries = (source: string, count: number) =>
      Array.from({ length: count }, () => allows(source, ENROL_COST)).filter(Boolean).length;
    expect(tries("192.0.2.1", 1_000)).toBe(20);
    expect(tries("192.0.2.2", 1)).toBe(1);
    nowMs += 10_000;
    expect(tries("192.0.2.1", 1_000)).toBe(20);
    nowMs += 1_000;
    expect(tries("192.0.2.1", 1_000)).toBe(2);
  });

  it("remembers a bounded number of addresses, and no flood of addresses wins more than one allowance", () => {
    const allows = createAddressLimit(() => 0);
    for (let host = 0; host < 10_000; host += 1) allows(`host-${host}`, 1);
    const more = Array.from({ length: 5_000 }, (_, host) => allows(`more-${host}`, ENROL_COST));
    expect(more.filter(Boolean)).toHaveLength(20);
    expect(allows("host-1", 1)).toBe(true);
  });

  it("knows an address by its host, of IPv6 by its network", () => {
    expect(sourceOf("192.0.2.7:50000")).toBe("192.0.2.7");
    expect(sourceOf("::ffff:192.0.2.7:50000")).toBe("192.0.2.7");
    expect(sourceOf("2001:db8:1:2:3:4:5:6:50000")).toBe("2001:db8:1:2");
    expect(sourceOf("2001:db8::6:50000")).toBe("2001:db8:0:0");
    expect(sourceOf("::1:50000")).toBe("0:0:0:0");
  });
});
