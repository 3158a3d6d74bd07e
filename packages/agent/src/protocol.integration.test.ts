// The parts of the protocol beyond single samples, each through whole trials against the scripted Ollama: precision,
// depths, warm prefix, sustained runs, concurrency.
import { create } from "@bufbuild/protobuf";
import { PrecisionSchema, Purpose } from "@ozone/proto/configuration";
import { type Sample, SampleKind, type TrialResult, Verdict } from "@ozone/proto/trial";
import { expandSharedFills } from "@ozone/shared/expand-shared-fills";
import { usableSamples } from "@ozone/shared/usable-samples";
import {
  flatPace,
  type ScriptChange,
  type ScriptedOllama,
  startScriptedOllama,
} from "@ozone/simulator/scripted-ollama";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { unknownSampler } from "./measure/ports.ts";
import {
  failedCodes,
  newFolder,
  type OrderChange,
  orderFor,
  portsFor,
  removeFolders,
  story,
} from "./measure/trial-material.ts";
import { runTrial } from "./run-trial.ts";

const cacheDir = newFolder();
afterAll(removeFolders);
const servers: ScriptedOllama[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

/** num_ctx 1024, so that a sample takes a fifth of a second. */
async function trial(order: OrderChange, script: ScriptChange = {}): Promise<TrialResult> {
  const server = await startScriptedOllama(script);
  servers.push(server);
  const point = { numCtx: 1024, numPredict: 32, numBatch: 512, ...order.point };
  return runTrial(orderFor({ ...order, point }), portsFor(server.url, { cacheDir }));
}

const ofKind = ({ samples }: TrialResult, kind: SampleKind): Sample[] =>
  samples.filter((sample) => sample.kind === kind);
const warned = ({ warnings }: TrialResult): string[] => warnings.map(({ code }) => code);
const confirm = { purpose: Purpose.CONFIRM, launches: 2, repetitions: 1 } as const;
const precision = (ask: { decode?: number; prefill?: number; ttft?: number }) => create(PrecisionSchema, ask);

describe("precision", () => {
  it("is reported of every trial, but makes no screening go on", async () => {
    const result = await trial({ repetitions: 2, protocol: { precision: precision({ decode: 0.0001 }) } });
    expect(story(result)).toBe("");
    expect(result.samples).toHaveLength(2);
    expect(result.precision?.precise).toBe(false);
    expect(result.precision?.decode).toBeGreaterThan(0);
  });

  it("is worth samples until it is reached in the last launch, at least six", async () => {
    const result = await trial({ ...confirm, protocol: { precision: precision({ decode: 0.2 }) } });
    expect(story(result)).toBe("");
    expect(result.samples.map(({ launch }) => launch)).toEqual([0, 1, 1, 1, 1, 1]);
    expect(result.precision).toMatchObject({ precise: true });
    expect(result.precision?.decode).toBeLessThan(0.2);
  });

  it("that is never reached ends at the most samples asked for, and says how wide the interval is", async () => {
    const result = await trial(
      { ...confirm, launches: 1, protocol: { precision: precision({ decode: 0.0001 }), samplesMax: 7 } },
      { jitter: { seed: 7, stepCv: 0, sampleCv: 0.2 } },
    );
    expect(ofKind(result, SampleKind.FILLED)).toHaveLength(7);
    expect(result.verdict).toBe(Verdict.VALID);
    expect(result.precision?.precise).toBe(false);
    expect(story(result)).toMatch(/decode rate is known to \+-\d+\.\d % \(n = 7\), 0\.0 % was asked for/);
    expect(warned(result)).toEqual(["imprecise"]);
  });

  it("begins no sample that can't end in the attempt's time", async () => {
    const result = await trial(
      { ...confirm, launches: 1, limitMs: 3200, protocol: { precision: precision({ decode: 0.00001 }) } },
      { pace: flatPace({ prefillTokensPerSecond: 2500, decodeTokensPerSecond: 100 }) },
    );
    expect(result.verdict, story(result)).toBe(Verdict.VALID);
    expect(result.samples.length).toBeLessThan(6);
    expect(warned(result)).toEqual(["imprecise"]);
    expect(result.elapsedMs).toBeLessThan(4200);
  });
});

describe("speed over depth", () => {
  it("is measured in ascending order in the same load and never mixed with the configuration's figures", async () => {
    const result = await trial({ repetitions: 2, protocol: { depths: [0.5, 0.1, 0.25] } });
    expect(story(result)).toBe("");
    const depths = ofKind(result, SampleKind.DEPTH);
    expect(depths.map(({ promptTokens }) => promptTokens)).toEqual([102, 256, 512]);
    expect(depths.every(({ checks }) => checks.length === 16)).toBe(true);
    const rates = depths.map((sample) => sample.decodeTokensPerSecond ?? 0);
    expect(rates[0]).toBeGreaterThan(rates[2] ?? 0);
    expect(usableSamples(result).map(({ promptTokens }) => promptTokens)).toEqual([921, 921]);
    expect(result.context).toMatchObject({ promptTokens: 921, filled: true });
    expect(result.loadMs).toHaveLength(1);
  });

  it("rejects the attempt when one depth fails a check", async () => {
    const lie = { name: "one_bad_sample_among_good", bad: "swapped_durations", sample: 2 } as const;
    const result = await trial(
      { repetitions: 1, protocol: { depths: [0.6] } },
      { lies: [lie], measured: { minPromptTokens: 500, minPredict: 2 } },
    );
    expect(result.samples.map(({ kind, valid }) => [kind, valid])).toEqual([
      [SampleKind.FILLED, true],
      [SampleKind.DEPTH, false],
    ]);
    expect(result.verdict).toBe(Verdict.REJECTED);
  });
});

describe("a warm prefix", () => {
  const warm = { repetitions: 2, protocol: { warmPrefix: true } } as const;

  it.each([
    ["says how much it cached", { version: "0.34.0" }],
    ["does not say", { version: "0.24.0" }],
  ])("is measured apart on a server that %s", async (_what, script) => {
    const result = await trial(warm, script);
    expect(story(result)).toBe("");
    const samples = ofKind(result, SampleKind.WARM_PREFIX);
    expect(samples.map(({ promptTokens }) => promptTokens)).toEqual([937, 937]);
    const filled = usableSamples(result);
    expect(filled).toHaveLength(2);
    expect(samples[0]?.ttftMs).toBeLessThan(0.5 * (filled[0]?.ttftMs ?? 0));
    const check = samples[0]?.checks.find(({ code }) => code === "no_prefix_cache");
    expect(check).toMatchObject({ passed: true });
    expect(check?.detail).toContain("921 of 937 prompt tokens were sent before, on purpose");
  });

  it("that the server computes again is marked, and rejects nothing", async () => {
    // These releases use their cache only with context shift, which no request of ours allows.
    const result = await trial({ ...warm, repetitions: 1 }, { version: "0.30.5" });
    const [sample] = ofKind(result, SampleKind.WARM_PREFIX);
    expect(sample?.valid, story(result)).toBe(true);
    expect(sample?.checks.find(({ code }) => code === "no_prefix_cache")).toMatchObject({ passed: false });
    expect(result.verdict).toBe(Verdict.VALID);
  });

  it("without room for another turn is left out, and says so", async () => {
    const result = await trial({
      ...warm,
      point: { numPredict: 12 },
      protocol: { warmPrefix: true, fill: 1 },
    });
    expect(ofKind(result, SampleKind.WARM_PREFIX)).toEqual([]);
    expect(warned(result)).toEqual(["warm_prefix_no_room"]);
  });
});

describe("a fill that several output lengths share", () => {
  const shared = { repetitions: 2, protocol: { shorterPredicts: [16] } };
  const kinds = (result: TrialResult) => result.samples.map(({ kind, valid }) => [kind, valid]);
  const { FILLED, SHORTER } = SampleKind;

  it.each([
    ["says how much it cached", { version: "0.34.0" }],
    ["does not say", { version: "0.24.0" }],
  ])("is filled once for each sample on a server that %s", async (_what, script) => {
    const result = await trial(shared, script);
    expect(story(result)).toBe("");
    expect(result.samples.map(({ kind }) => kind)).toEqual([FILLED, SHORTER, FILLED, SHORTER]);
    const shorter = ofKind(result, SHORTER);
    expect(shorter.map(({ fillIndex, numPredict }) => [fillIndex, numPredict])).toEqual([
      [0, 16],
      [2, 16],
    ]);
    expect(shorter.map(({ promptTokens, generatedTokens }) => [promptTokens, generatedTokens])).toEqual([
      [921, 16],
      [921, 16],
    ]);
    const check = shorter[0]?.checks.find(({ code }) => code === "no_prefix_cache");
    expect(check?.detail).toContain("921 of 921 prompt tokens were sent before, on purpose");
    const [longest, other] = expandSharedFills(result);
    expect(other?.configuration?.numPredict).toBe(16);
    expect(other?.samples.map(({ ttftMs }) => ttftMs)).toEqual(longest?.samples.map(({ ttftMs }) => ttftMs));
    // Its own wait was for one token out of the cache: nothing that anybody may take for a fill.
    expect(shorter[0]?.ttftMs).toBeLessThan(0.5 * (longest?.samples[0]?.ttftMs ?? 0));
  });

  it("is refused where the server computes the prompt again, and the sharing ends there", async () => {
    // These releases use their cache only with context shift, which no request of ours allows.
    const result = await trial(shared, { version: "0.30.5" });
    expect(kinds(result)).toEqual([
      [FILLED, true],
      [SHORTER, false],
      [FILLED, true],
    ]);
    expect(failedCodes(result)).toEqual(["no_prefix_cache"]);
    expect(warned(result)).toEqual(["fill_not_shared"]);
    expect(result.verdict).toBe(Verdict.REJECTED);
    expect(expandSharedFills(result).map(({ verdict }) => verdict)).toEqual([
      Verdict.VALID,
      Verdict.REJECTED,
    ]);
  });

  it.each(["early_stop_claims_length", "inflated_eval_count"] as const)(
    "is refused where the answer has another length: %s",
    async (lie) => {
      // Told of the shorter answers only: they are the ones with few tokens behind a long prompt.
      const server = await startScriptedOllama({});
      servers.push(server);
      const onActivity = (words: string): void => {
        server.set({ lies: words.startsWith("16 tokens behind") ? [{ name: lie }] : [] });
      };
      const point = { numCtx: 1024, numPredict: 32, numBatch: 512 };
      const result = await runTrial(
        orderFor({ ...shared, point }),
        portsFor(server.url, { cacheDir, onActivity }),
      );
      expect(kinds(result)).toEqual([
        [FILLED, true],
        [SHORTER, false],
        [SHORTER, false],
        [FILLED, true],
      ]);
      expect(failedCodes(result)).toContain("output_complete");
      expect(warned(result)).toEqual(["fill_not_shared"]);
      const [longest, shorter] = expandSharedFills(result);
      expect(usableSamples(longest ?? result)).toHaveLength(2);
      expect(usableSamples(shorter ?? result)).toEqual([]);
    },
  );

  it("is not one where the shorter output would be filled differently, or several requests share the server", async () => {
    // 1024 - 200 - 8 tokens are less than nine tenths: with 16 the prompt would be longer.
    const tight = await trial({ ...shared, repetitions: 1, point: { numPredict: 200 } });
    expect(kinds(tight)).toEqual([[FILLED, true]]);
    const two = await trial({ ...shared, repetitions: 1, point: { concurrency: 2 } });
    expect(ofKind(two, SHORTER)).toEqual([]);
  });
});

describe("a sustained run", () => {
  it("goes on without a pause until its time is over, and keeps burst and sustained apart", async () => {
    const result = await trial({ repetitions: 1, protocol: { sustainedMs: 1000 } });
    expect(story(result)).toBe("");
    const run = ofKind(result, SampleKind.SUSTAINED);
    expect(run.length).toBeGreaterThanOrEqual(3);
    expect(result.sustained).toMatchObject({ samples: run.length, throttled: false });
    expect(result.sustained?.durationMs).toBeGreaterThanOrEqual(900);
    expect(result.sustained?.ratio).toBeCloseTo(1, 0);
    expect(usableSamples(result)).toHaveLength(1);
  });

  it("of a machine that slows down says so", async () => {
    const server = await startScriptedOllama({});
    servers.push(server);
    let scale = 1;
    const onActivity = (words: string): void => {
      if (!words.startsWith("sustained")) return;
      scale *= 1.12;
      server.set({ timeScale: scale });
    };
    const order = orderFor({ point: { numCtx: 512, numPredict: 32 }, protocol: { sustainedMs: 1600 } });
    const result = await runTrial(order, portsFor(server.url, { cacheDir, onActivity }));
    expect(result.sustained?.throttled, story(result)).toBe(true);
    expect(warned(result)).toContain("throttled");
    expect(result.sustained?.sustainedTokensPerSecond).toBeLessThan(
      result.sustained?.burstTokensPerSecond ?? 0,
    );
  });
});

describe("concurrent requests", () => {
  const two = { repetitions: 2, point: { concurrency: 2, numPredict: 64 } } as const;
  const decodeOf = (result: TrialResult): number[] =>
    usableSamples(result).flatMap((sample) => sample.decodeTokensPerSecond ?? []);

  it("that one slot serves one after the other give what came out together, not a sum of single rates", async () => {
    const result = await trial(two, { server: { numParallel: 1 } });
    expect(story(result)).toBe("");
    expect(result.samples.map(({ round }) => round)).toEqual([0, 0, 1, 1]);
    expect(result.rounds.map(({ requests }) => requests)).toEqual([2, 2]);
    expect(decodeOf(result)).toHaveLength(2);
    for (const { round, decodeTokensPerSecond } of result.rounds) {
      const own = result.samples.filter((sample) => sample.round === round);
      const fastest = Math.max(...own.map((sample) => sample.decodeTokensPerSecond ?? 0));
      expect(decodeTokensPerSecond).toBeLessThan(fastest);
    }
  });

  it("that two slots serve together give more than one request alone", async () => {
    const result = await trial(two, { server: { numParallel: 2 } });
    expect(story(result)).toBe("");
    const single = Math.max(...result.samples.map((sample) => sample.decodeTokensPerSecond ?? 0));
    for (const rate of decodeOf(result)) {
      expect(rate).toBeGreaterThan(1.3 * single);
      expect(rate).toBeLessThan(2.05 * single);
    }
  });

  it("count their wait from the moment they were meant for, also when our own loop sends them late", async () => {
    const server = await startScriptedOllama({ server: { numParallel: 2 } });
    servers.push(server);
    const lateMs = 80;
    const holdUp = (): void => {
      const untilMs = performance.now() + lateMs;
      while (performance.now() < untilMs);
    };
    const sampler = {
      start: () => {
        setTimeout(holdUp, 1);
        return unknownSampler.start();
      },
    };
    const order = orderFor({ point: { numCtx: 512, numPredict: 32, concurrency: 2 } });
    const result = await runTrial(order, portsFor(server.url, { cacheDir, sampler }));
    expect(story(result)).toBe("");
    for (const { totalMs, totalNs } of result.samples) {
      expect((totalMs ?? 0) - Number(totalNs) / 1e6).toBeGreaterThan(lateMs / 2);
    }
  });
});
