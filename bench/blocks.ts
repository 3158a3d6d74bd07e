// Two things measured in turns (A B B A), so that drift of the machine touches both alike, and the interval of what
// differs between them, one figure per block.

import { medianRank } from "@ozone/shared/statistics/interval";
import { median, sortedCopy } from "@ozone/shared/statistics/median";

/** Fewer blocks than this are no evidence. */
export const BLOCKS_MIN = 7;

/** One side's two turns of a block. */
export interface Block<Turn> {
  readonly a: readonly [Turn, Turn];
  readonly b: readonly [Turn, Turn];
}

/** Runs blocks of A B B A, one turn after the other. */
export async function interleave<Turn>(
  count: number,
  a: () => Promise<Turn>,
  b: () => Promise<Turn>,
  onBlock: (block: Block<Turn>, number: number) => void = () => {},
): Promise<Block<Turn>[]> {
  if (count < BLOCKS_MIN)
    throw new RangeError(`${count} blocks are too few, at least ${BLOCKS_MIN} are needed.`);
  const blocks: Block<Turn>[] = [];
  for (let block = 0; block < count; block += 1) {
    const first = await a();
    const [second, third] = [await b(), await b()];
    const seen: Block<Turn> = { a: [first, await a()], b: [second, third] };
    blocks.push(seen);
    onBlock(seen, block + 1);
  }
  return blocks;
}

/** The middle of one figure per block with its exact 95 % interval by order statistics; any sign, any unit. */
export function blockInterval(perBlock: readonly number[]): {
  value: number;
  low: number;
  high: number;
  n: number;
} {
  const rank = medianRank(perBlock.length);
  if (perBlock.length < BLOCKS_MIN || rank === 0) {
    throw new RangeError(`${perBlock.length} blocks are too few, at least ${BLOCKS_MIN} are needed.`);
  }
  const sorted = sortedCopy(perBlock);
  return {
    value: median(perBlock),
    low: sorted[rank - 1] ?? Number.NaN,
    high: sorted[perBlock.length - rank] ?? Number.NaN,
    n: perBlock.length,
  };
}
