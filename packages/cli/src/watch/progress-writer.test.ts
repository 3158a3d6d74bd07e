import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { sweep, WATCHED } from "../../test/fake-coordinator.ts";
import { progressWriter } from "./progress-writer.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "performance"] });
});
afterEach(() => vi.useRealTimers());

const [first] = WATCHED;
const state = {
  sweep: first?.sweep ?? sweep(),
  running: first?.running ?? [],
  activities: first?.activities ?? [],
};

function stream(values: { isTTY?: boolean; columns?: number }) {
  const written: string[] = [];
  return { ...values, written, write: (text: string) => written.push(text) };
}

describe("progressWriter()", () => {
  it("writes a line per change without a terminal, and a sign of life in between", () => {
    const out = stream({});
    const writer = progressWriter(out);
    writer.show(state);
    writer.show(state);
    expect(out.written).toHaveLength(1);
    expect(out.written[0]).toMatch(/^trial 1 of 3 .* 41 s left\n$/);
    vi.advanceTimersByTime(31_000);
    expect(out.written).toHaveLength(2);
    expect(out.written[1]).toMatch(/ 1[01] s left\n$/);
    writer.note("done");
    expect(out.written[2]).toBe("done\n");
    writer.end();
    vi.advanceTimersByTime(120_000);
    expect(out.written).toHaveLength(3);
  });

  it("updates one line on a terminal, counts the time down, and never wraps", () => {
    const out = stream({ isTTY: true, columns: 30 });
    const writer = progressWriter(out);
    writer.show(state);
    vi.advanceTimersByTime(2000);
    expect(out.written).toHaveLength(3);
    for (const text of out.written) {
      expect(text.startsWith("\r\u001b[2Ktrial 1 of 3")).toBe(true);
      expect(text.length - "\r\u001b[2K".length).toBeLessThanOrEqual(29);
    }
    writer.note("a trial ended");
    expect(out.written[3]).toBe("\r\u001b[2Ka trial ended\n");
    writer.end();
    expect(out.written.at(-1)).toBe("\r\u001b[2K");
  });
});
