// The scheduler's decision, pure: what to do for the request at the head of the queue.
import { type LoadOptions, needsReload } from "../options/load-options.ts";

/** What identifies a loaded model: the file, not the name; two names of one file share a runner. */
export interface ModelKey {
  readonly blobDigest: string;
  readonly load: LoadOptions;
}

/** The one place for a loaded model, as the decision sees it. */
export type Place =
  | { readonly state: "empty" }
  | { readonly state: "occupied"; readonly key: ModelKey; readonly users: number; readonly gone: boolean };

/** use: it fits. load: the place is empty. evict: stop what is there. wait: somebody still uses what is there. */
export type Step = "use" | "load" | "evict" | "wait";

/** Decides for one request. */
export function nextStep(place: Place, wanted: ModelKey): Step {
  if (place.state === "empty") return "load";
  if (place.gone) return place.users > 0 ? "wait" : "evict";
  const fits = place.key.blobDigest === wanted.blobDigest && !needsReload(place.key.load, wanted.load);
  if (fits) return "use";
  return place.users > 0 ? "wait" : "evict";
}
