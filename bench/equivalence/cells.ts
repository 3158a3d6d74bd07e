// The cells of the comparison: two depths, two batch sizes, one thread. What both sides are told, and nothing else.

/** One cell. Both sides fill the same number of tokens and generate the same number. */
export interface Cell {
  readonly numCtx: number;
  readonly numBatch: number;
  readonly promptTokens: number;
}

/** Tokens generated per sample: half a second and more, next to which one late wake-up is little. */
export const NUM_PREDICT = 64;

/** Share of the context that is filled; the answer needs the rest of the smaller one. */
export const FILL = 0.7;

/**
 * A synthetic model of which a token takes 5 to 9 ms on one core, nearer to real ones. What a server does for each token besides (text,
 * a message, the caches that both leave cold) takes 50 to 100 microseconds here and belongs to the engine's own account
 * of its decode: next to the 2 ms of the engine's usual models it would be more than is to be shown.
 */
export const PRESET = "120m";

/** Its name on the engine, to which it is uploaded. */
export const MODEL = "ozone-equivalence:120m";

/** What `ozone-agent bench --fill` fills, by its contract. */
const promptTokensFor = (numCtx: number): number =>
  Math.min(Math.floor(FILL * numCtx), numCtx - NUM_PREDICT - 8);

export const CELLS: readonly Cell[] = [512, 2048].flatMap((numCtx) =>
  [128, 512].map((numBatch) => ({ numCtx, numBatch, promptTokens: promptTokensFor(numCtx) })),
);

/** "358 tokens, batch 512". */
export const cellText = ({ promptTokens, numBatch }: Cell): string =>
  `${promptTokens} tokens, batch ${numBatch}`;

/** "358_batch_512", for names of findings. */
export const cellName = ({ promptTokens, numBatch }: Cell): string => `${promptTokens}_batch_${numBatch}`;

/** The two figures of a sample, in tokens per second. */
export interface Rates {
  readonly decode: number;
  readonly prefill: number;
}

/** Which of the two. */
export type Figure = keyof Rates;

export const FIGURES: readonly Figure[] = ["decode", "prefill"];
