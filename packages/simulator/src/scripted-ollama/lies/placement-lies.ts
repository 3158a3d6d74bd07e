// Lies about what is loaded, where, and whether it is still the same.
import type { LieEntry, ModelRow } from "./hooks.ts";

const OTHER = "someone-elses:latest";

function otherModel(like: ModelRow | undefined): ModelRow {
  return {
    size: 1_000_000,
    size_vram: 0,
    context_length: 4096,
    ...like,
    name: OTHER,
    model: OTHER,
    digest: "b".repeat(64),
  };
}

const changedDigest = (row: ModelRow): ModelRow => ({ ...row, digest: "c".repeat(64) });

/** What each strength means is said with the lie. */
export const PLACEMENT_LIES = {
  reload_inside_sample: {
    couldBe:
      "Another client's options, a failed health check or the keep-alive unload the model just before the sample.",
    shows: "load_duration holds a whole load",
    scope: "measured",
    tell: () => ({
      act: async (stage, acting) => {
        if (stage === "arrival") await acting.evict();
        return undefined;
      },
    }),
  },
  cpu_fallback: {
    couldBe:
      "The GPU driver fails and the engine goes on with the CPU. Strength: the share that stays on the GPU.",
    shows: "size_vram in /api/ps drops after the load, rates drop with it",
    scope: "measured",
    strength: 0,
    needs: { gpuShare: 1 },
    tell: (share) => ({
      act: async (stage, acting) => {
        if (stage === "loaded") acting.moveTo(share);
        return undefined;
      },
    }),
  },
  other_model_loaded: {
    couldBe: "Another client loads its model beside ours while we measure.",
    shows: "/api/ps lists a second model",
    scope: "measured",
    tell: () => ({ ps: (rows) => [...rows, otherModel(rows[0])] }),
  },
  evicted_by_other_model: {
    couldBe: "Another client's model pushes ours out of memory.",
    shows: "/api/ps lists another model and not ours; the next request reloads",
    scope: "measured",
    tell: () => ({
      ps: (rows) => [otherModel(rows[0])],
      act: async (stage, acting) => {
        if (stage === "finished") acting.expire();
        return undefined;
      },
    }),
  },
  ps_forgets_model: {
    couldBe: "A race between the scheduler and the status page loses the row of a loaded model.",
    shows: "/api/ps is empty although requests are answered without a load",
    scope: "measured",
    tell: () => ({ ps: () => [] }),
  },
  ps_hangs: {
    couldBe: "The status page waits for a lock that a stuck unload holds.",
    shows: "/api/ps accepts the request and never answers",
    scope: "measured",
    tell: () => ({ hangsOnPs: true }),
  },
  wrong_digest: {
    couldBe: "Someone pulls a new version of the model under the same name between two samples.",
    shows: "the digest in /api/ps and /api/tags changes",
    scope: "measured",
    tell: () => ({ ps: (rows) => rows.map(changedDigest), tags: (rows) => rows.map(changedDigest) }),
  },
  unload_never_completes: {
    couldBe: "A runner that hangs while it ends stays in the list.",
    shows: "/api/ps goes on listing the model after an unload was acknowledged",
    scope: "always",
    tell: () => ({ neverUnloads: true }),
  },
  model_missing: {
    couldBe: "Someone removes the model, or the server looks into another model store.",
    shows: "404 for every request that names the model, empty /api/tags",
    scope: "always",
    tell: () => ({ knowsNoModel: true, tags: () => [], ps: () => [] }),
  },
  wrong_version: {
    couldBe: "A server built without a version says 0.0.0.",
    shows: "/api/version says 0.0.0",
    scope: "always",
    tell: () => ({ version: () => "0.0.0" }),
  },
  version_changes: {
    couldBe: "The server is updated, or a load balancer takes turns, between two samples.",
    shows: "/api/version says something else after the first sample",
    scope: "measured",
    tell: () => ({ version: (version) => (version === "0.20.0" ? "0.20.1" : "0.20.0") }),
  },
} as const satisfies Record<string, LieEntry>;
