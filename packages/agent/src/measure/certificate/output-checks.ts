// Did the answer come whole, in the form it must have, and token by token?

import type { AttemptFacts, SampleFacts } from "./facts.ts";
import { type Finding, failed, judged, passed, unknown } from "./finding.ts";
import { phantomTokens } from "./phantom-tokens.ts";

/** Each token is at least a byte of text, control tokens and pieces of characters apart; half of it leaves room for them. */
const BYTES_PER_TOKEN_MIN = 0.5;

/** Chunks per token within this are one by one; above and below, gaps between chunks are not gaps between tokens. */
const RATIO_MIN = 0.95;
const RATIO_MAX = 1.05;

/** `done` with `length`, exactly as many tokens as asked for, and as much text as they must have. */
export function outputComplete(sample: SampleFacts, attempt: AttemptFacts): Finding {
  const { evidence, figures } = sample;
  const { stream, numPredict } = evidence;
  if (evidence.refusal !== null) return failed("output_complete", evidence.refusal);
  if (stream.done === null) {
    return failed(
      "output_complete",
      `the stream ended after ${stream.lines} lines without \`done\`; Ollama does so when one token repeats`,
    );
  }
  const complaints: string[] = [];
  if (figures.doneReason !== "length") {
    complaints.push(`done_reason is ${JSON.stringify(figures.doneReason)} instead of "length"`);
  }
  if (figures.generatedTokens !== numPredict) {
    complaints.push(`${figures.generatedTokens} tokens counted, ${numPredict} asked for`);
  }
  if (stream.textBytes < BYTES_PER_TOKEN_MIN * numPredict) {
    complaints.push(`${stream.textBytes} bytes of text are too few for ${numPredict} tokens`);
  }
  if (stream.textTimesMs.length > figures.generatedTokens) {
    complaints.push(`${stream.textTimesMs.length} chunks of text for ${figures.generatedTokens} tokens`);
  }
  complaints.push(...phantomTokens(sample, attempt));
  return judged(
    "output_complete",
    complaints,
    `${figures.generatedTokens} of ${numPredict} tokens, ${stream.textBytes} bytes of text, done_reason length`,
  );
}

/** Every line a JSON object with fields of the right kind, `done` exactly once and last. */
export function streamWellformed({ evidence, figures }: SampleFacts): Finding {
  const { stream } = evidence;
  if (evidence.refusal !== null) return unknown("stream_wellformed", "there was no stream");
  const complaints = [...stream.problems, ...figures.problems];
  if (stream.done === null) complaints.push("no line has `done`");
  if (stream.linesAfterDone > 0) complaints.push(`${stream.linesAfterDone} lines came after \`done\``);
  if (stream.lines > 0 && stream.textTimesMs.length === 0) complaints.push("no line has text");
  return judged("stream_wellformed", complaints, `${stream.lines} lines, \`done\` once and last`);
}

/** Chunks stand for tokens one by one; else the inter-chunk figures are left out. */
export function chunkRatio({ evidence, figures }: SampleFacts): Finding {
  const { stream } = evidence;
  const chunks = stream.textTimesMs.length;
  if (figures.generatedTokens === 0) return unknown("chunk_ratio", `${chunks} chunks, no token count`);
  const ratio = chunks / figures.generatedTokens;
  const empty = stream.lines - chunks - 1;
  const sentence = `${chunks} chunks for ${figures.generatedTokens} tokens, ${Math.max(0, empty)} without text`;
  const oneByOne = ratio >= RATIO_MIN && ratio <= RATIO_MAX && empty <= 1 + 0.05 * figures.generatedTokens;
  return oneByOne ? passed("chunk_ratio", sentence) : failed("chunk_ratio", sentence);
}
