import { describe, expect, it } from "vitest";
import { refusedLines } from "./refused-lines.ts";

interface Line {
  readonly address?: string;
  readonly call?: string;
  readonly lines_left_out?: number;
}

function written() {
  const lines: { fields: Line; words: string }[] = [];
  const clock = { ms: 0 };
  const warn = (fields: Line, words: string) => void lines.push({ fields, words });
  const refused = refusedLines({ warn } as never, () => clock.ms);
  const call = (source: string) => refused({ path: "/ozone.v1.SweepService/StartSweep", source, why: "No." });
  return { lines, clock, refused, call };
}

describe("the lines about calls that were refused", () => {
  it("are twenty a minute of one address, and the next that is written says how many were left out", () => {
    const { lines, clock, call } = written();
    for (let calls = 0; calls < 10_000; calls += 1) call("192.0.2.1");
    expect(lines).toHaveLength(20);
    call("192.0.2.2");
    expect(lines[20]?.fields).toMatchObject({ address: "192.0.2.2", lines_left_out: 9_980 });
    call("192.0.2.1");
    clock.ms = 60_000;
    call("192.0.2.1");
    call("192.0.2.1");
    expect(lines.slice(21).map(({ fields }) => fields.lines_left_out)).toEqual([1, undefined]);
  });

  it("are two hundred a minute of all addresses together", () => {
    const { lines, clock, call } = written();
    for (let host = 0; host < 30_000; host += 1) call(`192.0.2.${host}`);
    expect(lines).toHaveLength(200);
    clock.ms = 60_000;
    call("192.0.2.1");
    expect(lines[200]?.fields.lines_left_out).toBe(29_800);
  });

  it("hold a bounded part of what a caller made up", () => {
    const { lines, refused } = written();
    refused({ path: `/${"x".repeat(10_000)}`, source: "192.0.2.1", why: "y".repeat(10_000) });
    expect(JSON.stringify(lines).length).toBeLessThan(1_000);
  });
});
