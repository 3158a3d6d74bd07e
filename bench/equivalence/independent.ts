// The independent measurement, a program of its own: llama.cpp called in process, timed around the calls. It shares no
// code with the agent or the engine; only the GGUF file and the settings are the same. Its own process, because the
// library may end one in silence: only lines on stdout count, and nothing is disposed of (dispose may never settle).
//
// It calls the library's internals: the public `evaluate` copies the list of tokens at every step, a cost per token
// that grows with the depth, that is the library's and not the model's.
import { createInterface } from "node:readline";
import { getLlama, LlamaLogLevel } from "node-llama-cpp";

interface Settings {
  readonly modelPath: string;
  readonly numCtx: number;
  readonly numBatch: number;
  readonly promptTokens: number;
  readonly numPredict: number;
}

interface NativeContext {
  initBatch(size: number): void;
  addToBatch(sequence: number, position: number, tokens: Uint32Array, logitsAt: Uint32Array): Uint32Array;
  decodeBatch(): Promise<void>;
  sampleToken(logitIndex: number, sampler: object): Promise<number>;
  removeTokenCellsFromSequence(sequence: number, from: number, to: number): boolean;
  getThreads(): number;
}

interface NativeSampler {
  applyConfig(config: Readonly<Record<string, number>>): void;
  dispose(): void;
}

const THREADS = 1;

// Text that a user would ask for: the sampling that the agent documents, so that choosing tokens costs the same.
const SAMPLING = { temperature: 0.8, topK: 40, topP: 1, minP: 0.1 };

const settings = JSON.parse(process.argv[2] ?? "") as Settings;
const llama = await getLlama({
  gpu: false,
  build: "never",
  skipDownload: true,
  progressLogs: false,
  maxThreads: THREADS,
  logLevel: LlamaLogLevel.error,
});
const model = await llama.loadModel({ modelPath: settings.modelPath, gpuLayers: 0, useMmap: false });
const context = await model.createContext({
  contextSize: settings.numCtx,
  batchSize: settings.numBatch,
  sequences: 1,
  threads: THREADS,
  flashAttention: true,
  failedCreationRemedy: false,
});
const native = Reflect.get(context, "_ctx") as NativeContext;
const Sampler = Reflect.get(Reflect.get(llama, "_bindings"), "AddonSampler") as new (
  model: object,
) => NativeSampler;

/** Computes tokens from a position on; returns where their last logits are, if asked for. */
async function compute(tokens: Uint32Array, position: number, wantsLogits: boolean): Promise<number> {
  native.initBatch(tokens.length);
  const wanted = wantsLogits ? Uint32Array.of(tokens.length - 1) : new Uint32Array(0);
  const [logits] = native.addToBatch(0, position, tokens, wanted);
  await native.decodeBatch();
  return logits ?? -1;
}

/** Tokens of whole words: such text as a prompt has. */
const wordTokens = model.fileInfo.metadata.tokenizer.ggml.tokens.flatMap((text, token) =>
  /^\u2581[a-z]+$/.test(String(text)) ? [token] : [],
);

const begin = Number(model.tokens.bos ?? 0);

/** Random words after the token that begins a text. */
function randomPrompt(length: number): Uint32Array {
  const word = (): number => wordTokens[Math.floor(Math.random() * wordTokens.length)] ?? begin;
  return Uint32Array.from({ length }, (_, at) => (at === 0 ? begin : word()));
}

/**
 * One sample: a prompt, an answer. Decode runs from the first token to the last: N - 1 steps. The token that begins every
 * text stays in the context from sample to sample, as it does in a server that keeps what two prompts have in common:
 * all batches then lie one token further on, which costs a few percent of the prefill (llama.cpp looks at whole 256s).
 */
async function sample(promptTokens: number, numPredict: number) {
  // Beyond its end a context shifts in silence: refuse to measure that.
  if (promptTokens + numPredict > settings.numCtx) throw new Error("The sample does not fit the context.");
  if (!native.removeTokenCellsFromSequence(0, 1, -1)) throw new Error("The context could not be emptied.");
  const prompt = randomPrompt(promptTokens);
  const sampler = new Sampler(Reflect.get(model, "_model") as object);
  sampler.applyConfig({ ...SAMPLING, seed: Math.floor(Math.random() * 2 ** 31) });
  let logits = -1;
  const startNs = process.hrtime.bigint();
  for (let at = 1; at < promptTokens; at += settings.numBatch) {
    const end = Math.min(at + settings.numBatch, promptTokens);
    logits = await compute(prompt.subarray(at, end), at, end === promptTokens);
  }
  const filledNs = process.hrtime.bigint();
  let token = await native.sampleToken(logits, sampler);
  const firstNs = process.hrtime.bigint();
  for (let made = 1; made < numPredict; made += 1) {
    logits = await compute(Uint32Array.of(token), promptTokens + made - 1, true);
    token = await native.sampleToken(logits, sampler);
  }
  const lastNs = process.hrtime.bigint();
  sampler.dispose();
  return {
    promptTokens,
    prefill: (1e9 * (promptTokens - 1)) / Number(filledNs - startNs),
    decode: (1e9 * (numPredict - 1)) / Number(lastNs - firstNs),
  };
}

function say(message: object): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

await compute(Uint32Array.of(begin), 0, false);
for (let warmed = 0; warmed < 2; warmed += 1) await sample(128, 32);
say({ ready: true, threads: native.getThreads(), numBatch: context.batchSize });
for await (const line of createInterface({ input: process.stdin })) {
  if (line === "sample") say(await sample(settings.promptTokens, settings.numPredict));
}
process.exit(0);
