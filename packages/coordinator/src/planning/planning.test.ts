import { create } from "@bufbuild/protobuf";
import { AnnouncementSchema } from "@ozone/proto/machine";
import { MatrixSchema, SweepRequestSchema } from "@ozone/proto/sweep";
import { PROTOCOL_VERSION } from "@ozone/shared/protocol-version";
import { STRATEGY_NAMES } from "@ozone/shared/strategy-names";
import { describe, expect, it } from "vitest";
import { STRATEGIES } from "../search/strategies.ts";
import type { MachineRow } from "../store/machines.ts";
import { chooseTargets } from "./choose-targets.ts";
import { completeRequest } from "./complete-request.ts";

const machine = (
  id: string,
  models: { name: string; sizeBytes: bigint; loaded?: boolean }[],
  tags: readonly string[] = [],
): MachineRow => ({
  id,
  announcement: create(AnnouncementSchema, {
    machineId: id,
    name: `lab-${id}`,
    agentVersion: "9.9.9",
    protocolVersion: PROTOCOL_VERSION,
    models: models.map((model) => ({ ...model, digest: `sha256:${model.name}`, trainedContext: 32_768 })),
  }),
  activity: "idle",
  lastSeenAt: new Date(0),
  silentMs: 0,
  tags,
});
const SMALL = { name: "small:latest", sizeBytes: 10n };
const LARGE = { name: "large:7b", sizeBytes: 900n };

describe("completing a sweep request", () => {
  it("fills every blank: grid, a context filled to 90 %, one repetition", () => {
    const request = completeRequest(create(SweepRequestSchema));
    expect(request).toMatchObject({
      strategy: "grid",
      budgetMs: 0,
      protocol: { fill: 0.9, repetitions: 1, launches: 1 },
    });
  });

  it("gives the quick sweep its box of 240 s and allows contended samples, marked", () => {
    const request = completeRequest(create(SweepRequestSchema, { strategy: "quick" }));
    expect(request).toMatchObject({ budgetMs: 240_000, protocol: { allowContended: true, timeBoxed: true } });
  });

  it("passes on what is measured besides, and gives a sustained run its time", () => {
    const wish = {
      precision: { decode: 0.02 },
      samplesMax: 12,
      depths: [0.5, 0.1, 0.5],
      warmPrefix: true,
      sustainedMs: 60_000,
    };
    const { protocol } = completeRequest(create(SweepRequestSchema, { protocol: wish }));
    expect(protocol).toMatchObject({ ...wish, depths: [0.1, 0.5], limitMs: 31 * 60_000 });
    const plain = completeRequest(create(SweepRequestSchema)).protocol;
    expect(plain).toMatchObject({ depths: [], warmPrefix: false, sustainedMs: 0, limitMs: 30 * 60_000 });
    expect(plain?.precision).toBeUndefined();
  });

  it.each([
    ["a depth of 150 %", { protocol: { depths: [0.5, 1.5] } }, /depth 1.5 is impossible/],
    ["a half-width of 200 %", { protocol: { precision: { decode: 2 } } }, /half-width of precision/],
    ["precision in a time box", { strategy: "quick", protocol: { precision: {} } }, /use the grid strategy/],
    [
      "shared fills in a search",
      { strategy: "guided", protocol: { shareFill: true } },
      /share_fill has a place in a grid only, not in guided/,
    ],
    [
      "more output lengths behind a fill than a result can hold",
      {
        matrix: create(MatrixSchema, { numPredict: Array.from({ length: 8 }, (_, at) => 2 + at) }),
        protocol: { repetitions: 64, shareFill: true },
      },
      /512 samples per trial are too many/,
    ],
    ["too many samples", { protocol: { repetitions: 40, launches: 2 } }, /80 samples per trial are too many/],
    [
      "an unknown strategy",
      { strategy: "magic" },
      /no strategy "magic": use grid, guided, halving, quick or random/,
    ],
    ["num_ctx 0", { matrix: create(MatrixSchema, { numCtx: [0] }) }, /num_ctx 0 is impossible/],
    ["num_batch 0", { matrix: create(MatrixSchema, { numBatch: [0] }) }, /num_batch 0 is impossible/],
    ["a fill of 150 %", { protocol: { fill: 1.5 } }, /fill 1.5 is impossible/],
    [
      "an unknown KV-cache type",
      { matrix: create(MatrixSchema, { kvCacheType: ["f32"] }) },
      /kv_cache_type "f32" is unknown/,
    ],
    [
      "a server setting in a quick sweep",
      { strategy: "quick", matrix: create(MatrixSchema, { kvCacheType: ["q8_0"] }) },
      /use strategy grid for kv_cache_type/,
    ],
    [
      "a flash attention that is neither on nor off",
      { matrix: create(MatrixSchema, { flashAttention: ["auto"] }) },
      /flash_attention "auto" is unknown/,
    ],
    [
      "a quantised cache with flash attention off and nothing else",
      { matrix: create(MatrixSchema, { kvCacheType: ["q8_0", "q4_0"], flashAttention: ["off"] }) },
      /q8_0, q4_0 needs flash attention/,
    ],
  ])("refuses %s with one sentence that says what to do", (_title, request, sentence) => {
    expect(() => completeRequest(create(SweepRequestSchema, request as never))).toThrow(sentence);
  });

  it("measures server settings, and the default beside them, on managed servers", () => {
    const managed = (change: object) => completeRequest(create(SweepRequestSchema, change)).protocol?.managed;
    expect(managed({ matrix: create(MatrixSchema, { kvCacheType: ["f16", "q8_0", "q4_0"] }) })).toBe(true);
    expect(managed({ matrix: create(MatrixSchema, { flashAttention: ["on", "off"] }) })).toBe(true);
    expect(managed({ matrix: create(MatrixSchema, { concurrency: [1, 4] }) })).toBe(false);
    expect(managed({ protocol: { managed: true } })).toBe(true);
  });

  it("refuses a matrix that would run for months", () => {
    const numCtx = Array.from({ length: 300 }, (_, index) => 1024 + index);
    const matrix = create(MatrixSchema, { numCtx, numBatch: numCtx });
    expect(() => completeRequest(create(SweepRequestSchema, { matrix }))).toThrow(
      /90000 points; at most 50000/,
    );
  });
});

describe("the strategies", () => {
  it("are those that a sweep file may name", () => {
    expect(STRATEGIES.map(({ name }) => name)).toEqual(STRATEGY_NAMES);
  });
});

describe("choosing targets", () => {
  const request = (change: object = {}) => completeRequest(create(SweepRequestSchema, change));

  it("takes the smallest model of every machine that is online when none is named", () => {
    const targets = chooseTargets(request(), [machine("m-1", [LARGE, SMALL]), machine("m-2", [LARGE])]);
    expect(targets.map(({ modelName }) => modelName)).toEqual(["small:latest", "large:7b"]);
  });

  it("does not take a model that its user has loaded while there is another", () => {
    const [target] = chooseTargets(request(), [machine("m-1", [{ ...SMALL, loaded: true }, LARGE])]);
    expect(target?.modelName).toBe("large:7b");
  });

  it("understands a name without its tag as Ollama does", () => {
    const [target] = chooseTargets(request({ models: ["small"] }), [machine("m-1", [SMALL])]);
    expect(target?.modelName).toBe("small:latest");
  });

  it("names the models that are there when the one asked for is not", () => {
    expect(() => chooseTargets(request({ models: ["qwen3:8b"] }), [machine("m-1", [SMALL])])).toThrow(
      /Model "qwen3:8b" is not installed .* installed: small:latest\. Pull it/,
    );
  });

  it("says what to do when no machine is online", () => {
    expect(() => chooseTargets(request(), [])).toThrow(
      /No machine is online; start an agent with `ozone up`/,
    );
  });

  it("finds machines by id or name and names those that it can't find", () => {
    expect(
      chooseTargets(request({ machines: ["lab-m-1"] }), [machine("m-1", [SMALL]), machine("m-2", [SMALL])]),
    ).toHaveLength(1);
    expect(() => chooseTargets(request({ machines: ["m-9"] }), [machine("m-1", [SMALL])])).toThrow(
      /No machine "m-9" is online/,
    );
  });

  it("takes the machines that carry all of the tags, and says in one sentence when none does", () => {
    const online = [
      machine("m-1", [SMALL], ["gpu", "lab-a"]),
      machine("m-2", [SMALL], ["lab-a"]),
      machine("m-3", [SMALL]),
    ];
    const chosen = (change: object) =>
      chooseTargets(request(change), online).map(({ machineId }) => machineId);
    expect(chosen({ tags: ["lab-a"] })).toEqual(["m-1", "m-2"]);
    expect(chosen({ tags: ["lab-a", "gpu"] })).toEqual(["m-1"]);
    expect(chosen({ tags: ["lab-a"], machines: ["m-2"] })).toEqual(["m-2"]);
    expect(() => chosen({ tags: ["gpu"], machines: ["m-1", "lab-m-2"] })).toThrow(
      /^lab-m-2 does not carry the tag "gpu"; /,
    );
    expect(() => chosen({ tags: ["lab-z"] })).toThrow(
      'No machine that is online carries the tag "lab-z" (tags there: gpu, lab-a); `ozone machine list` shows who carries which.',
    );
  });

  it("takes the machines of a class and those that a query surely means, named ones only if they fit", () => {
    const online = [machine("m-1", [SMALL], ["desk"]), machine("m-2", [SMALL]), machine("m-3", [LARGE])];
    for (const [index, { announcement }] of online.entries()) {
      announcement.hardwareClass = index === 0 ? "cpu-a" : "cpu-b";
    }
    const chosen = (change: object) =>
      chooseTargets(request(change), online).map(({ machineId }) => machineId);
    expect(chosen({ classes: ["cpu-b"] })).toEqual(["m-2", "m-3"]);
    expect(chosen({ where: "not tag:desk and not name=lab-m-3" })).toEqual(["m-2"]);
    expect(chosen({ machines: ["m-3"], classes: ["cpu-b"], where: "class=cpu-b" })).toEqual(["m-3"]);
    expect(() => chosen({ machines: ["m-1"], classes: ["cpu-b"] })).toThrow(
      /^lab-m-1 is of the class "cpu-a"/,
    );
    expect(() => chosen({ where: "gpu>=1" })).toThrow(/^No machine that is online surely matches "gpu>=1"; /);
    expect(() => request({ where: "gpus>=1" })).toThrow(/"gpus>=1", which is no condition; /);
  });

  it("refuses a managed sweep on a machine that can't start servers, in that machine's own words", () => {
    const asked = request({ matrix: create(MatrixSchema, { kvCacheType: ["q8_0"] }) });
    const closed = machine("m-1", [SMALL]);
    closed.announcement.managedProblem = "The models belong to ollama.";
    expect(() => chooseTargets(asked, [closed, machine("m-2", [SMALL])])).toThrow(
      /lab-m-1 can't start .*: The models belong to ollama\. .*--machine/,
    );
    expect(chooseTargets(asked, [machine("m-2", [SMALL])])).toHaveLength(1);
    expect(chooseTargets(request(), [closed])).toHaveLength(1);
  });

  it("refuses a context beyond what the model was trained for, which Ollama would cut in silence", () => {
    const asked = request({ matrix: create(MatrixSchema, { numCtx: [65_536] }) });
    expect(() => chooseTargets(asked, [machine("m-1", [SMALL])])).toThrow(/beyond the 32768 tokens/);
  });
});
