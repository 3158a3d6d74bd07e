// What differs between Ollama releases as far as a client can see it. Each boundary was read in the release's source, and what
// 0.12.6, 0.24.0, 0.30.0 and 0.32.15 do was seen on running servers; the rest of the script asks for a behaviour and never for a
// version number.

/** Version-dependent behaviours of one Ollama release. */
export interface Behaviours {
  /** The child process that does the inference; it shows in error texts ("llama runner" up to 0.24, then "llama-server"). */
  readonly engine: "llama runner" | "llama-server";
  /** `truncate` and `shift` are understood (0.12.6); older servers cut over-long prompts whatever was asked. */
  readonly knowsTruncate: boolean;
  /** What is left of a prompt that is too long: all of num_ctx, one token less (0.30.0), or about half (0.30.11). */
  readonly truncation: "num_ctx" | "num_ctx_minus_one" | "half";
  /** Too long with truncate:true and shift:false is refused with 400 (0.30.9). */
  readonly refusesTruncateWithoutShift: boolean;
  /** `shift` decides how the runner is launched, so that changing it reloads (0.30.0). */
  readonly shiftIsLoadTime: boolean;
  /** An unset `shift` is true only below this num_ctx (0.30.0 to 0.30.8: 8192). */
  readonly defaultShiftBelowNumCtx: number;
  /** The prefix cache is used only by requests with shift (0.30.0 to 0.30.7). */
  readonly cacheNeedsShift: boolean;
  /** Prompts of evicted slots stay in host memory and can still hit (0.30.0). */
  readonly hostPromptCache: boolean;
  /** prompt_eval_duration is that of the prompt's last batch alone (0.12.5 and 0.12.6). */
  readonly promptDurationIsLastBatch: boolean;
  /** A num_ctx beyond the trained one is cut before it is compared with the loaded one, so that it does not reload (0.30.0). */
  readonly cutsContextBeforeComparing: boolean;
  /** prompt_eval_count leaves cached tokens out (0.30.0 only). */
  readonly promptCountExcludesCached: boolean;
  /** /api/ps shows the allocated context instead of the requested one (0.15.5). */
  readonly psShowsAllocatedContext: boolean;
  /** An unset num_ctx follows the size of VRAM (0.15.5); 4096 before. */
  readonly contextFollowsVram: boolean;
  /** An unset num_batch follows the context (0.30.0); 512 before, and never above num_ctx. */
  readonly batchFollowsContext: boolean;
  /** draft_num_predict is a known option (0.30.0). */
  readonly knowsDraftOption: boolean;
  /** A quantised KV cache without flash attention falls back to f16 (to 0.24) or makes the load fail (0.30.0). */
  readonly quantisedKvWithoutFlash: "falls_back" | "load_fails";
  /** A closed connection stops prefill between two batches (0.30.0); before, prefill runs to its end or to the unload. */
  readonly cancelStopsPrefill: boolean;
  /** Loading more than the host's memory is refused beforehand (to 0.24); after, the engine dies while loading. */
  readonly checksMemoryBeforeLoad: boolean;
}

/** Compares two dotted versions by their first three numbers: negative if `a` is older. Text behind the numbers is ignored. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [numbersOf(a), numbersOf(b)];
  for (let index = 0; index < 3; index += 1) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** The behaviours of an Ollama release, such as "0.12.6" or "0.33.0-rc2". */
export function behavioursOf(version: string): Behaviours {
  const since = (release: string) => compareVersions(version, release) >= 0;
  const llamaServer = since("0.30.0");
  return {
    engine: llamaServer ? "llama-server" : "llama runner",
    knowsTruncate: since("0.12.6"),
    truncation: since("0.30.11") ? "half" : llamaServer ? "num_ctx_minus_one" : "num_ctx",
    refusesTruncateWithoutShift: since("0.30.9"),
    shiftIsLoadTime: llamaServer,
    defaultShiftBelowNumCtx: llamaServer && !since("0.30.9") ? 8192 : Number.POSITIVE_INFINITY,
    cacheNeedsShift: llamaServer && !since("0.30.8"),
    hostPromptCache: llamaServer,
    promptDurationIsLastBatch: since("0.12.5") && !since("0.12.7"),
    cutsContextBeforeComparing: llamaServer,
    promptCountExcludesCached: llamaServer && !since("0.30.1"),
    psShowsAllocatedContext: since("0.15.5"),
    contextFollowsVram: since("0.15.5"),
    batchFollowsContext: llamaServer,
    knowsDraftOption: llamaServer,
    quantisedKvWithoutFlash: llamaServer ? "load_fails" : "falls_back",
    cancelStopsPrefill: llamaServer,
    checksMemoryBeforeLoad: !llamaServer,
  };
}

function numbersOf(version: string): number[] {
  return (/\d+(\.\d+)*/.exec(version)?.[0] ?? "0").split(".").map(Number);
}
