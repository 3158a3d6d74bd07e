import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NUM_CTX_MAX, NUM_CTX_MIN } from "./limits.ts";
import { readSweep } from "./sweep-file.ts";

const problemsOf = (document: unknown) => readSweep(document).problems.map(({ message }) => message);

describe("readSweep()", () => {
  it("turns a whole document into the values of a request", () => {
    const { request, problems } = readSweep({
      name: "night",
      models: ["a:1", "b"],
      machines: "lab-1",
      strategy: "grid",
      budget: "10m",
      fill: 0.9,
      repetitions: 3,
      launches: 2,
      matrix: {
        num_ctx: [4096, 8192],
        num_batch: 512,
        flash_attention: [true, "off"],
        kv_cache_type: "q8_0",
      },
    });
    expect(problems).toEqual([]);
    expect(request).toMatchObject({
      name: "night",
      models: ["a:1", "b"],
      machines: ["lab-1"],
      strategy: "grid",
      budgetMs: 600_000,
      protocol: { fill: 0.9, repetitions: 3, launches: 2 },
      matrix: { numCtx: [4096, 8192], numBatch: [512], flashAttention: ["on", "off"], kvCacheType: ["q8_0"] },
    });
  });

  it("turns what is measured besides into a protocol, and asks for nothing when nothing is said", () => {
    const wish = { precision: true, depths: [0.5, 0.1], warm_prefix: "on", sustained: "90s" };
    expect(readSweep(wish).request?.protocol).toMatchObject({
      precision: { decode: 0.02, prefill: 0.03, ttft: 0.05 },
      depths: [0.5, 0.1],
      warmPrefix: true,
      sustainedMs: 90_000,
    });
    const plain = readSweep({ precision: "off", warm_prefix: false }).request?.protocol;
    expect(plain).toMatchObject({ depths: [], warmPrefix: false, sustainedMs: 0 });
    expect(plain?.precision).toBeUndefined();
    expect(problemsOf({ depths: [0.5, 2] })[0]).toContain("from 0.01 to 1");
    expect(problemsOf({ depths: Array.from({ length: 17 }, (_, at) => (at + 1) / 20) })[0]).toContain(
      "over 16",
    );
    expect(problemsOf({ sustained: 60 })[0]).toContain("must be a duration");
  });

  it("asks for a quick sweep in its time box when the document is empty, and for a grid when there is a matrix", () => {
    expect(readSweep(null).request).toMatchObject({ strategy: "quick", budgetMs: 240_000, models: [] });
    expect(readSweep({}).request?.protocol).toMatchObject({
      fill: 0,
      repetitions: 0,
      launches: 0,
      quietWaitMs: 0,
    });
    expect(readSweep({ matrix: { num_ctx: 4096 } }).request).toMatchObject({ strategy: "grid", budgetMs: 0 });
  });

  it("measures on battery only where the file says so", () => {
    expect(readSweep({}).request?.protocol?.allowBattery).toBe(false);
    expect(readSweep({ allow_battery: true }).request?.protocol?.allowBattery).toBe(true);
    expect(problemsOf({ allow_battery: "yes" })).toEqual(["must be true or false"]);
  });

  it("shares a search within a class only where the file says so", () => {
    const sharing = (document: object) => readSweep(document).request?.shareWithinClass;
    expect([sharing({}), sharing({ share: "none" }), sharing({ share: "class" })]).toEqual([
      false,
      false,
      true,
    ]);
    expect(problemsOf({ share: "fleet" })).toEqual(["must be one of class, none"]);
  });

  it("recognises the seed's names and says what Ollama calls them", () => {
    const [batch, f16] = problemsOf({ matrix: { batch: [8, 16], f16_kv: true } });
    expect(batch).toBe('"batch" is ignored by Ollama; its name is num_batch');
    expect(f16).toContain("kv_cache_type");
    expect(f16).toContain("no longer exists");
  });

  it("says where a known key belongs and what a misspelt one was meant to be", () => {
    expect(problemsOf({ num_ctx: 4096 })).toEqual([
      '"num_ctx" is a dimension of the matrix; move it under "matrix:"',
    ]);
    expect(problemsOf({ matrix: { budget: "4m" } })[0]).toContain('does not belong under "matrix"');
    expect(problemsOf({ stratgy: "grid" })).toEqual(['"stratgy" is not known; did you mean strategy?']);
    expect(problemsOf({ zzz: 1 })[0]).toMatch(/^"zzz" is not known; a sweep has name, models/);
    expect(problemsOf({ constructor: 1 })[0]).toContain("is not known");
  });

  it("points at the value that is wrong", () => {
    const { problems } = readSweep({ matrix: { num_ctx: [4096, "8K"] } });
    expect(problems).toEqual([
      {
        path: ["matrix", "num_ctx", 1],
        at: "value",
        message: `must be a whole number from ${NUM_CTX_MIN} to ${NUM_CTX_MAX}`,
      },
    ]);
    expect(readSweep({ matrix: { bach: 1 } }).problems[0]).toMatchObject({
      path: ["matrix", "bach"],
      at: "key",
    });
  });

  it("refuses numbers beyond the limits, wrong words, empty lists and durations without a unit", () => {
    expect(problemsOf({ matrix: { num_ctx: NUM_CTX_MAX + 1 } })).toHaveLength(1);
    expect(problemsOf({ matrix: { num_ctx: 4096.5 } })[0]).toContain("whole number");
    expect(problemsOf({ matrix: { num_batch: [] } })).toEqual(["must not be empty"]);
    expect(problemsOf({ matrix: { kv_cache_type: "f32" } })).toEqual(["must be one of f16, q8_0, q4_0"]);
    expect(problemsOf({ strategy: "Black Magic" })[0]).toMatch(
      /^must be one of grid, guided, halving, quick, random, the path of a module .* or an installed package$/,
    );
    expect(problemsOf({ budget: 240 })[0]).toContain("with its unit");
    expect(problemsOf({ budget: "99d" })).toEqual(["must be at most 30d"]);
    expect(problemsOf({ fill: 1.2 })[0]).toContain("from 0.01 to 1");
    expect(problemsOf("grid")[0]).toContain("list of keys");
    expect(problemsOf([])).toHaveLength(1);
    expect(problemsOf({ models: ["a\u0000b"] })).toEqual(["must not contain control characters"]);
  });

  it("refuses what is only wrong in combination", () => {
    expect(problemsOf({ repetitions: 64, launches: 2 })[0]).toContain("128 samples");
    expect(problemsOf({ matrix: { num_ctx: 512, num_predict: 600 } })[0]).toContain("leaves no room");
    const many = Array.from({ length: 300 }, (_, index) => index + 512);
    expect(problemsOf({ matrix: { num_ctx: many, num_batch: many } })[0]).toContain("90000 configurations");
  });

  it("never throws, and gives either a request or problems, whatever the document is", () => {
    fc.assert(
      fc.property(fc.anything(), (document) => {
        const { request, problems } = readSweep(document);
        expect(request === null).toBe(problems.length > 0);
      }),
    );
  });

  it("keeps any list of contexts within the limits as it is, each once", () => {
    const contexts = fc.array(fc.integer({ min: NUM_CTX_MIN, max: NUM_CTX_MAX }), {
      minLength: 1,
      maxLength: 20,
    });
    fc.assert(
      fc.property(contexts, (numCtx) => {
        expect(readSweep({ matrix: { num_ctx: numCtx } }).request?.matrix?.numCtx).toEqual([
          ...new Set(numCtx),
        ]);
      }),
    );
  });
});
