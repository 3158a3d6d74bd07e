// Contexts beyond all that worked, while another machine of the class tries one.
import type { SearchState } from "../strategy.ts";
import { seenBy } from "./evidence.ts";
import { largestContext } from "./scores.ts";

/** Whether a context beyond all that worked is being tried: until its answer is here, no other such context is. */
export function triesBeyond({ observations, pending = [] }: SearchState): boolean {
  const top = largestContext(seenBy(observations));
  return pending.some(({ configuration }) => configuration.numCtx > top);
}
