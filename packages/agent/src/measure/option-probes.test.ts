import { configuration } from "@ozone/shared/configuration";
import { describe, expect, it } from "vitest";
import { isReload, triesFor } from "./option-probes.ts";

const point = (change = {}) => configuration({ numCtx: 2048, numBatch: 512, numPredict: 64, ...change });

describe("what to try", () => {
  it("is nothing where the server shows all", () => {
    const shown = { num_batch: 512, num_thread: 2, kv_cache_type: "f16" };
    expect(triesFor(point({ numThread: 2 }), shown, 4096)).toEqual([]);
  });

  it("is every asked option that is hidden, and num_ctx as the control at the end", () => {
    expect(triesFor(point({ numThread: 1, numGpu: 8 }), null, 4096)).toEqual([
      { option: "num_thread", from: 1, to: 2 },
      { option: "num_gpu", from: 8, to: 7 },
      { option: "num_batch", from: 512, to: 32 },
      { option: "num_ctx", from: 2048, to: 1024 },
    ]);
  });

  it("stays below num_ctx with num_batch, which older servers cap there", () => {
    const [batch] = triesFor(point({ numCtx: 512, numBatch: 1024 }), null, 4096);
    expect(batch).toEqual({ option: "num_batch", from: 1024, to: 32 });
  });

  it("does not ask for more context than the model was trained for", () => {
    expect(triesFor(point({ numCtx: 512 }), null, 512).map(({ option }) => option)).toEqual(["num_batch"]);
    expect(triesFor(point({ numCtx: 512 }), null, null).at(-1)).toEqual({
      option: "num_ctx",
      from: 512,
      to: 1024,
    });
  });
});

describe("the time of a request", () => {
  const times = (ms: number | null, warmMs: number, freshMs: number | null) => ({ ms, warmMs, freshMs });

  it("is that of a load when it is far above a warm request's", () => {
    expect(isReload(times(120, 2, null))).toBe(true);
    expect(isReload(times(30, 2, null))).toBe(false);
    expect(isReload(times(200, 35, null))).toBe(false);
    expect(isReload(times(null, 2, 250))).toBe(false);
  });

  it("is no load's when it is far below that of the fresh load", () => {
    expect(isReload(times(230, 4, 250))).toBe(true);
    expect(isReload(times(90, 4, 250))).toBe(false);
  });
});
