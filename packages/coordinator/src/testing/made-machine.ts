// A machine of pure arithmetic for tests of searches: answers proposals with observations. Nothing here is published.
import { create } from "@bufbuild/protobuf";
import { ProtocolSchema, Purpose } from "@ozone/proto/configuration";
import { MatrixSchema } from "@ozone/proto/sweep";
import { SampleSchema } from "@ozone/proto/trial";
import { configurationKey, promptTokensFor } from "@ozone/shared/configuration";
import { seededRandom } from "@ozone/shared/statistics/seeded-random";
import type { Observation, Proposal, SearchState, Strategy } from "../search/strategy.ts";

/** What the machine is like. */
export interface MadeMachine {
  readonly prefillTokensPerSecond: number;
  readonly decodeTokensPerSecond: number;
  /** Prompts take this much longer per 10,000 tokens of depth. */
  readonly depthCost?: number;
  readonly launchMs?: number;
  /** Contexts from here on run out of memory. */
  readonly memoryEndsAt?: number;
  /** Samples differ by up to this share, each time anew. */
  readonly noise?: number;
  /** Every trial fails. */
  readonly broken?: boolean;
}

/** A search state on that machine, before the first trial. */
export const madeState = (budgetMs = 240_000): SearchState => ({
  matrix: create(MatrixSchema, { numPredict: [64] }),
  protocol: create(ProtocolSchema, { fill: 0.9, repetitions: 1, launches: 1, limitMs: 600_000 }),
  budgetMs,
  trialsMax: 0,
  seed: "test",
  model: { trainedContext: 131_072, weightBytes: 4e6, kvBytesPerToken: 1_024 },
  machine: { defaultThreads: 1, physicalCores: 2, logicalCores: 2, memoryBytes: 24e9 },
  observations: [],
});

/** One trial on that machine. */
export function observe(machine: MadeMachine, proposal: Proposal): Observation {
  const { configuration, protocol, purpose } = proposal;
  const launchMs = machine.launchMs ?? 1_500;
  const wanted = protocol.launches * protocol.repetitions;
  if (machine.broken || configuration.numCtx >= (machine.memoryEndsAt ?? Number.POSITIVE_INFINITY)) {
    const failureClass = machine.broken ? "runner_crashed" : "out_of_memory_load";
    return {
      configuration,
      purpose,
      state: "failed",
      failureClass,
      samples: [],
      wanted,
      elapsedMs: launchMs,
    };
  }
  const promptTokens = promptTokensFor(configuration, protocol.fill);
  const depth = 1 + ((machine.depthCost ?? 0.5) * promptTokens) / 10_000;
  const batchCost = 1 + Math.abs(Math.log2(configuration.numBatch / 256)) * 0.05;
  const ttftMs = (promptTokens / machine.prefillTokensPerSecond) * 1000 * depth * batchCost;
  const threads = configuration.numThread === 2 ? 0.6 : 1;
  const decode = (machine.decodeTokensPerSecond / depth) * threads;
  const totalMs = ttftMs + (configuration.numPredict / decode) * 1000;
  const random = seededRandom(`${configurationKey(configuration)}/${purpose}/${wanted}`);
  const luck = () => 1 + (machine.noise ?? 0) * (random.next() - 0.5);
  const samples = Array.from({ length: wanted }, (_, index) =>
    create(SampleSchema, {
      index,
      valid: true,
      promptTokens,
      generatedTokens: configuration.numPredict,
      prefillTokensPerSecond: (promptTokens / ttftMs) * 1000,
      decodeTokensPerSecond: decode * (1 + 0.002 * (index % 3)) * luck(),
      ttftMs,
      totalMs,
    }),
  );
  const depthWarmUps = purpose === Purpose.CONFIRM ? protocol.launches : 0;
  // A shorter prompt costs its share at most.
  const depthsMs = protocol.depths.reduce((sum, share) => sum + (share / protocol.fill) * totalMs, 0);
  const besidesMs =
    depthsMs +
    (protocol.warmPrefix ? wanted * totalMs : 0) +
    (protocol.sustainedMs > 0 ? protocol.sustainedMs + totalMs : 0);
  const elapsedMs = protocol.launches * launchMs + (wanted + depthWarmUps) * totalMs + besidesMs;
  return { configuration, purpose, state: "done", failureClass: null, samples, wanted, elapsedMs };
}

/** Runs a strategy to its end. @throws when it does not end within 2,000 steps. */
export function runSearch(strategy: Strategy, machine: MadeMachine, start: SearchState = madeState()) {
  let state = start;
  const proposals: Proposal[] = [];
  for (let step = 0; step < 2_000; step += 1) {
    const { trials, notes } = strategy.next(state);
    if (trials.length === 0) return { state, proposals, notes };
    proposals.push(...trials);
    state = {
      ...state,
      observations: [...state.observations, ...trials.map((trial) => observe(machine, trial))],
    };
  }
  throw new Error("the search did not end");
}
