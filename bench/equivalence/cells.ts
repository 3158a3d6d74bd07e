// The cells of the comparison: two depths, two batch sizes, one thread. What both sides are told, and nothing else.

/** One cell. Both sides fill the same number of tokens and generate the same number. */
export interface Cell {
  readonly numCtx: number;
  readonly numBatch: number;
  readonly promptTokens: number;
}

/** Tokens generated per sample: with 64 of them, 0.13 s, one late wake-up moved the figure by more than is to be shown. */
export const NUM_PREDICT = 256;

/** Share of the context that is filled; the answer needs the rest of the smaller one. */
export const FILL = 0.7;

/**
 * The larger of the engine's models: a token takes 2 ms and more, next to which what a server does for each token
 * (text, messages: some 16 microseconds) is small. With the other model it is 6 % of a step.
 */
export const PRESET = "30m";

/** What `ozone-agent bench --fill` fills, by its contract. */
const promptTokensFor = (numCtx: number): number =>
  Math.min(Math.floor(FILL * numCtx), numCtx - NUM_PREDICT - 8);

export const CELLS: readonly Cell[] = [1024, 3072].flatMap((numCtx) =>
  [128, 512].map((numBatch) => ({ numCtx, numBatch, promptTokens: promptTokensFor(numCtx) })),
);

/** "716 tokens, batch 512". */
export const cellText = ({ promptTokens, numBatch }: Cell): string =>
  `${promptTokens} tokens, batch ${numBatch}`;

/** "716_batch_512", for names of findings. */
export const cellName = ({ promptTokens, numBatch }: Cell): string => `${promptTokens}_batch_${numBatch}`;

/** The two figures of a sample, in tokens per second. */
export interface Rates {
  readonly decode: number;
  readonly prefill: number;
}

/** Which of the two. */
export type Figure = keyof Rates;

export const FIGURES: readonly Figure[] = ["decode", "prefill"];
