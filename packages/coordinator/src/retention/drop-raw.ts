// Drops raw details of results that are older than they are to be kept, a few at a time.

import type { Store } from "../store/open-store.ts";
import { dropRawOfOldest } from "../store/retention.ts";
import { withoutRaw } from "./without-raw.ts";

const RESULTS_AT_ONCE = 50;

/** @returns how many results were changed; fewer than a batch: none is left */
export const dropRaw = (store: Store, keepMs: number): Promise<{ results: number; isMore: boolean }> =>
  dropRawOfOldest(store.db, { keepMs, limit: RESULTS_AT_ONCE, reduce: withoutRaw }).then((results) => ({
    results,
    isMore: results === RESULTS_AT_ONCE,
  }));
