// Contexts beyond all that worked, while another machine of the class tries one.

import type { SearchState } from "../strategy.ts";
import { seenBy } from "./evidence.ts";
import { needShare, SURELY_FITS } from "./frontier.ts";
import { largestContext } from "./scores.ts";

/** Whether a context is beyond all that worked, and may not fit. */
export function isBeyond(state: SearchState): (numCtx: number) => boolean {
  const top = largestContext(seenBy(state.observations));
  return (numCtx) => numCtx > top && needShare(state, numCtx) > SURELY_FITS;
}

/** Whether such a context is being tried: until its answer is here, no other is. */
export function triesBeyond(state: SearchState): boolean {
  const beyond = isBeyond(state);
  return (state.pending ?? []).some(({ configuration }) => beyond(configuration.numCtx));
}
