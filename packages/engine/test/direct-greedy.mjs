// Greedy text straight from node-llama-cpp's public interface, with nothing of the engine in between: what the engine's
// answers are compared with. Its own process, because the library may end a process in silence; only the JSON line on
// stdout counts. Arguments: model file, num_ctx, number of tokens, prompt.
import { getLlama, LlamaLogLevel } from "node-llama-cpp";

const [modelPath, contextText, countText, prompt] = process.argv.slice(2);
const llama = await getLlama({
  gpu: false,
  build: "never",
  skipDownload: true,
  progressLogs: false,
  maxThreads: 1,
  logLevel: LlamaLogLevel.error,
});
const model = await llama.loadModel({ modelPath, gpuLayers: 0, useMmap: false });
const context = await model.createContext({
  contextSize: Number(contextText),
  batchSize: 512,
  threads: 1,
  flashAttention: true,
});
const promptTokens = [model.tokens.bos, ...model.tokenize(prompt)];
const tokens = [];
const sequence = context.getSequence();
for await (const token of sequence.evaluate(promptTokens, { temperature: 0, yieldEogToken: true })) {
  tokens.push(token);
  if (tokens.length === Number(countText)) break;
}
const pieces = tokens.map((token, at) =>
  model.detokenize([token], false, [...promptTokens, ...tokens.slice(0, at)]),
);
process.stdout.write(`${JSON.stringify({ promptTokens: promptTokens.length, pieces })}\n`, () =>
  process.exit(0),
);
