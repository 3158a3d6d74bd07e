import { describe, expect, it } from "vitest";
import { StreamRecorder } from "../ollama/stream-record.ts";
import { decodeRate, interTokenTimes, prefillRate } from "./figures.ts";
import { serverFiguresOf, timingsOf } from "./timings.ts";

describe("the client's times", () => {
  it("run from the request to the first text, over the texts, and to done", () => {
    const recorder = new StreamRecorder(1000);
    recorder.add('{"response":""}', 1010);
    recorder.add('{"response":"a"}', 1200);
    recorder.add('{"response":"b"}', 1230);
    recorder.add('{"response":"c"}', 1290);
    recorder.add('{"done":true}', 1300);
    expect(timingsOf(recorder.record())).toEqual({ ttftMs: 200, spanMs: 90, totalMs: 300, gapsMs: [30, 60] });
  });

  it("are null where there is nothing to measure between", () => {
    expect(timingsOf(new StreamRecorder(5).record())).toEqual({
      ttftMs: null,
      spanMs: null,
      totalMs: null,
      gapsMs: [],
    });
  });
});

describe("the server's figures", () => {
  const done = {
    prompt_eval_count: 1000,
    prompt_eval_duration: 2_000_000_000,
    eval_count: 101,
    eval_duration: 1_000_000_000,
  };

  it("read a missing key as zero and a missing cache count as unknown", () => {
    expect(serverFiguresOf(done)).toMatchObject({ loadNs: 0, totalNs: 0, cachedTokens: null, problems: [] });
    expect(serverFiguresOf(null)).toMatchObject({ promptTokens: 0, evalNs: 0, problems: [] });
  });

  it.each([
    ["a fraction", 31.5],
    ["a negative number", -1],
    ["a text", "32"],
    ["null", null],
    ["a number beyond counting", 2 ** 60],
  ])("complain about %s and count it as zero", (_what, value) => {
    const figures = serverFiguresOf({ ...done, eval_count: value });
    expect(figures.generatedTokens).toBe(0);
    expect(figures.problems[0]).toContain("eval_count");
  });

  it("give N - 1 steps for N tokens, and prefill over what was computed", () => {
    expect(decodeRate(serverFiguresOf(done))).toBe(100);
    expect(prefillRate(serverFiguresOf(done))).toBe(500);
    expect(prefillRate(serverFiguresOf({ ...done, prompt_eval_cached_count: 500 }))).toBe(250);
  });

  it("take the prefill of 0.12.6 alone from the rest of the total, and never a shorter one than the server's", () => {
    const lastBatch = { ...done, prompt_eval_duration: 100_000_000, total_duration: 2_400_000_000 };
    const restNs = 2_400_000_000 - 20_000_000 - 310_000_000;
    const account = { load_duration: 20_000_000, eval_duration: 310_000_000 };
    const figures = (version: string) => serverFiguresOf({ ...lastBatch, ...account }, version);
    expect(figures("0.12.6")).toMatchObject({ prefillNs: restNs, promptEvalNs: 100_000_000 });
    for (const version of ["", "0.0.0", "0.12.60", "0.12.7", "0.24.0"]) {
      expect(figures(version).prefillNs).toBe(100_000_000);
    }
    const short = { ...lastBatch, ...account, total_duration: 350_000_000 };
    expect(serverFiguresOf(short, "0.12.6").prefillNs).toBe(100_000_000);
  });

  it("give no rate rather than NaN or infinity", () => {
    expect(decodeRate(serverFiguresOf({ eval_count: 1, eval_duration: 5 }))).toBeNull();
    expect(decodeRate(serverFiguresOf({ eval_count: 10 }))).toBeNull();
    expect(prefillRate(serverFiguresOf({ prompt_eval_count: 10 }))).toBeNull();
  });
});

describe("gaps between chunks", () => {
  it("have a 95th percentile only when there are enough of them", () => {
    const times = (gapsMs: number[]) => interTokenTimes({ ttftMs: 1, spanMs: 1, totalMs: 1, gapsMs });
    expect(times([])).toEqual({ p50Ms: null, p95Ms: null });
    expect(times([2, 4, 6])).toEqual({ p50Ms: 4, p95Ms: null });
    expect(times(Array.from({ length: 21 }, (_, at) => at)).p95Ms).toBe(19);
  });
});
