// What a scripted server is told to be. A script is plain data: it can travel as JSON to a process of its own.
import type { Fault, Lie } from "./lies/lie.ts";
import type { Pace } from "./pace.ts";
import { physicalPace } from "./pace.ts";
import type { ScriptedModel } from "./scripted-model.ts";
import { scriptedModel } from "./scripted-model.ts";

/** Settings that a real server takes from its environment. */
export interface ServerSettings {
  /** OLLAMA_NUM_PARALLEL. */
  readonly numParallel: number;
  /** OLLAMA_MAX_QUEUE: requests that may wait for the scheduler. */
  readonly maxQueue: number;
  /** OLLAMA_MAX_LOADED_MODELS. */
  readonly maxLoadedModels: number;
  /** OLLAMA_KEEP_ALIVE in seconds; negative means for ever. */
  readonly keepAliveSeconds: number;
  /** OLLAMA_KV_CACHE_TYPE. */
  readonly kvCacheType: "f16" | "q8_0" | "q4_0";
  /** OLLAMA_FLASH_ATTENTION. */
  readonly flashAttention: boolean;
  /** OLLAMA_CONTEXT_LENGTH; 0 means automatic. */
  readonly contextLength: number;
  /** The host's prompt cache of newer servers (LLAMA_ARG_CACHE_RAM other than 0). */
  readonly hostPromptCache: boolean;
}

/** Seeded noise of an honest server. */
export interface Jitter {
  readonly seed: number;
  /** Coefficient of variation of a single step (one token, one batch). */
  readonly stepCv: number;
  /** Coefficient of variation of a whole generation. */
  readonly sampleCv: number;
}

/** Everything a scripted server is told. */
export interface Script {
  /** The release it plays; version-dependent behaviours follow from it. */
  readonly version: string;
  /** The release from which answers carry `prompt_eval_cached_count`. */
  readonly cachedCountSince: string;
  readonly models: readonly ScriptedModel[];
  readonly pace: Pace;
  /** Multiplies every time of the script: 0.5 is twice as fast. */
  readonly timeScale: number;
  readonly loadSeconds: number;
  readonly unloadSeconds: number;
  /** What a request to a loaded model still spends in the scheduler. */
  readonly warmLoadSeconds: number;
  readonly memory: { readonly ramBytes: number; readonly vramBytes: number };
  /** The share of a model that is placed on a GPU when num_gpu is automatic; 0 is a machine without one. */
  readonly gpuShare: number;
  readonly cores: number;
  readonly jitter: Jitter;
  readonly server: ServerSettings;
  /** Words that cost two tokens. */
  readonly badWords: readonly string[];
  /** The model ends by itself after so many tokens; null: never. */
  readonly stopAfterTokens: number | null;
  /** Which generations count as samples: warm-up and calibration requests are smaller than this. */
  readonly measured: { readonly minPromptTokens: number; readonly minPredict: number };
  /** Where the redirecting lie points to. */
  readonly redirectTo: string;
  readonly lies: readonly Lie[];
  readonly faults: readonly Fault[];
  /** What /api/pull finds, by the names that it is asked for. */
  readonly registry: readonly ScriptedModel[];
  readonly pullBytesPerSecond: number;
}

/** What a test says about a script; the rest stays as it was. */
export type ScriptChange = Partial<Omit<Script, "server">> & { readonly server?: Partial<ServerSettings> };

const GIB = 1024 ** 3;

/** An honest server without a GPU, quick enough for tests: 2048 tokens are prefilled in about 145 ms. */
export function defaultScript(): Script {
  return {
    version: "0.24.0",
    cachedCountSince: "0.34.0",
    models: [scriptedModel()],
    pace: physicalPace(),
    timeScale: 1,
    loadSeconds: 0.12,
    unloadSeconds: 0.04,
    warmLoadSeconds: 0.002,
    memory: { ramBytes: 8 * GIB, vramBytes: 8 * GIB },
    gpuShare: 0,
    cores: 4,
    jitter: { seed: 1, stepCv: 0, sampleCv: 0 },
    server: {
      numParallel: 1,
      maxQueue: 512,
      maxLoadedModels: 3,
      keepAliveSeconds: 300,
      kvCacheType: "f16",
      flashAttention: false,
      contextLength: 0,
      hostPromptCache: true,
    },
    badWords: [],
    stopAfterTokens: null,
    measured: { minPromptTokens: 257, minPredict: 2 },
    redirectTo: "http://127.0.0.1:9",
    lies: [],
    faults: [],
    registry: [],
    pullBytesPerSecond: 1e9,
  };
}

/** A script with some of its lines changed. */
export function changeScript(script: Script, change: ScriptChange): Script {
  return { ...script, ...change, server: { ...script.server, ...change.server } };
}
