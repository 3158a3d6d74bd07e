// What measuring costs: the agent's decode rate and TTFT against a bare HTTP loop, on the same server, in turns. The
// scripted server keeps an exact pace, so a difference is the client's; the engine's own noise makes its row informative.

import type { TrialPorts } from "@ozone/agent/src/measure/ports.ts";
import { ProbeMemory } from "@ozone/agent/src/measure/probe-options.ts";
import {
  newFolder,
  orderFor,
  portsFor,
  removeFolders,
  story,
} from "@ozone/agent/src/measure/trial-material.ts";
import { candidateWords } from "@ozone/agent/src/measure/word-list.ts";
import { conditionsOf, samplerOf } from "@ozone/agent/src/measuring-machine.ts";
import { runTrial } from "@ozone/agent/src/run-trial.ts";
import { Verdict } from "@ozone/proto/trial";
import { median } from "@ozone/shared/statistics/median";
import { flatPace } from "@ozone/simulator/scripted-ollama";
import { alone } from "../alone.ts";
import { bareGeneration } from "../bare-loop.ts";
import { type Block, blockInterval, interleave } from "../blocks.ts";
import type { Claim, Finding } from "../claim.ts";
import { startEngine } from "../engine-process.ts";
import { ENGINE_MODEL } from "../honesty/engine-cases.ts";
import { startScriptedProcess } from "../scripted-process.ts";

type Log = (line: string) => void;

/** What one turn of either side has seen. */
interface Turn {
  readonly decode: readonly number[];
  readonly ttftMs: readonly number[];
}

/** Whom both sides ask, and how often. */
interface Place {
  readonly url: string;
  readonly model: string;
  readonly blocks: number;
  readonly samples: number;
}

const POINT = { numCtx: 2048, numBatch: 512, numPredict: 64, numThread: 1 };
/** 0.9 of the context: one begin-of-text token and a word per token. */
const PROMPT_WORDS = Math.floor(0.9 * POINT.numCtx) - 1;
const WARM_UPS = 2;

/** The agent beside a bare loop. */
export const overhead: Claim = {
  name: "overhead",
  about: "the agent's decode rate and TTFT against a bare HTTP loop on the same paced server",
  long: false,
  run: (log) =>
    alone(log, async () => {
      try {
        return [...(await onPacedServer(log)), ...(await onTheEngine(log))];
      } finally {
        removeFolders();
      }
    }),
};

async function onPacedServer(log: Log): Promise<readonly Finding[]> {
  const pace = flatPace({ prefillTokensPerSecond: 20_000, decodeTokensPerSecond: 400 });
  const server = await startScriptedProcess({ pace });
  try {
    const place = { url: server.url, model: "scripted:tiny", blocks: 12, samples: 5 };
    return findings("overhead", await compare(place, log), {
      decode: { least: 0.995, most: 1.005 },
      ttft: { most: 1 },
    });
  } finally {
    await server.stop();
  }
}

async function onTheEngine(log: Log): Promise<readonly Finding[]> {
  const engine = await startEngine(newFolder());
  try {
    const place = { url: engine.url, model: ENGINE_MODEL, blocks: 7, samples: 5 };
    return findings("overhead_engine", await compare(place, log), { decode: {}, ttft: {} });
  } finally {
    await engine.stop();
  }
}

async function compare(place: Place, log: Log): Promise<Block<Turn>[]> {
  const ports = portsFor(place.url, {
    conditions: conditionsOf(place.url),
    sampler: samplerOf(place.url),
    probeMemory: new ProbeMemory(),
  });
  // The first trial calibrates words and tries options; later ones remember.
  await agentTurn(place, ports, log);
  return interleave(
    place.blocks,
    () => bareTurn(place),
    () => agentTurn(place, ports, log),
    (block, number) => log(`block ${number} of ${place.blocks}: ${inWords(block)}`),
  );
}

async function bareTurn({ url, model, samples }: Place): Promise<Turn> {
  const ask = (numPredict: number, words: number) =>
    bareGeneration(url, {
      model,
      prompt: promptOf(words),
      options: {
        ...{ num_ctx: POINT.numCtx, num_batch: POINT.numBatch, num_thread: POINT.numThread },
        ...{ num_predict: numPredict, temperature: 0.8, top_k: 40, top_p: 1, min_p: 0.1, repeat_penalty: 1 },
        ...{ num_keep: 0, seed: 1 },
      },
    });
  for (let round = 0; round < WARM_UPS; round += 1) await ask(32, 127);
  const decode: number[] = [];
  const ttftMs: number[] = [];
  for (let sample = 0; sample < samples; sample += 1) {
    const seen = await ask(POINT.numPredict, PROMPT_WORDS);
    decode.push(seen.decodeTokensPerSecond);
    ttftMs.push(seen.ttftMs);
  }
  return { decode, ttftMs };
}

async function agentTurn({ model, samples }: Place, ports: TrialPorts, log: Log): Promise<Turn> {
  const result = await runTrial(orderFor({ modelName: model, point: POINT, repetitions: samples }), ports);
  if (result.verdict !== Verdict.VALID) log(`a trial was not valid: ${story(result)}`);
  if (result.verdict === Verdict.FAILED) throw new Error(`A trial failed: ${story(result)}`);
  const present = (values: readonly (number | undefined)[]) => values.filter((value) => value !== undefined);
  return {
    decode: present(result.samples.map(({ decodeTokensPerSecond }) => decodeTokensPerSecond)),
    ttftMs: present(result.samples.map(({ ttftMs }) => ttftMs)),
  };
}

function promptOf(words: number): string {
  const draw = () => candidateWords[Math.floor(Math.random() * candidateWords.length)] ?? "the";
  return Array.from({ length: words }, draw).join(" ");
}

const middle = (turns: readonly [Turn, Turn], of: keyof Turn) => median(turns.flatMap((turn) => turn[of]));

/** Each from the medians of the two turns of a block. */
const decodeRatio = ({ a, b }: Block<Turn>): number => middle(b, "decode") / middle(a, "decode");
const ttftDifferenceMs = ({ a, b }: Block<Turn>): number => middle(b, "ttftMs") - middle(a, "ttftMs");

const inWords = (block: Block<Turn>): string =>
  `decode ${decodeRatio(block).toFixed(4)} times, TTFT ${ttftDifferenceMs(block).toFixed(2)} ms more`;

function findings(
  name: string,
  blocks: readonly Block<Turn>[],
  goals: { readonly decode: Finding["goal"]; readonly ttft: Finding["goal"] },
): readonly Finding[] {
  const bare = (of: keyof Turn) => median(blocks.map(({ a }) => middle(a, of)));
  return [
    {
      ...{ name: `${name}_decode`, unit: "times the bare loop's rate", goal: goals.decode },
      ...blockInterval(blocks.map(decodeRatio)),
      detail: `the bare loop sees ${bare("decode").toFixed(1)} tokens/s`,
    },
    {
      ...{ name: `${name}_ttft`, unit: "ms more than the bare loop", goal: goals.ttft },
      ...blockInterval(blocks.map(ttftDifferenceMs)),
      detail: `the bare loop waits ${bare("ttftMs").toFixed(2)} ms`,
    },
  ];
}
