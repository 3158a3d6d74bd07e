// The environment of a managed server: nothing of anybody's shell, what its user's own server has to see its GPUs, and
// every setting that matters said explicitly. Pure.
import type { Configuration } from "@ozone/proto/configuration";
import { isQuantisedCache } from "@ozone/shared/configuration";

/** Environment variables as they are. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What the system itself needs, taken from the agent's own environment. */
const SYSTEM = ["HOME", "PATH", "TMPDIR", "USERPROFILE", "LOCALAPPDATA", "SystemRoot", "TEMP", "TMP"];

/** Which GPUs there are to see, taken from the user's own server: the managed one must see the same. */
export const GPU_VISIBILITY = [
  "CUDA_VISIBLE_DEVICES",
  "CUDA_DEVICE_ORDER",
  "HIP_VISIBLE_DEVICES",
  "ROCR_VISIBLE_DEVICES",
  "GPU_DEVICE_ORDINAL",
  "GGML_VK_VISIBLE_DEVICES",
  "HSA_OVERRIDE_GFX_VERSION",
  "OLLAMA_LLM_LIBRARY",
  "OLLAMA_VULKAN",
  "OLLAMA_IGPU_ENABLE",
  "OLLAMA_SCHED_SPREAD",
] as const;

/** The processes of a managed server carry this mark, and no other processes do. */
export const MARK = "OZONE_MANAGED_SERVER";

/** What the environment is made from. */
export interface EnvironmentFacts {
  readonly configuration: Configuration;
  readonly port: number;
  /** Folder of the models; null: the program is told in its own way. */
  readonly modelStore: string | null;
  /** The agent's own. */
  readonly own: Environment;
  /** The user's server's; null: there is none, or it can't be read. */
  readonly usersServer: Environment | null;
  /** For a home that nobody has set. */
  readonly fallbackHome: string;
  readonly mark: string;
}

/** The whole environment, and the settings in it that a reader of the numbers should know. */
export interface ServerEnvironment {
  readonly all: Readonly<Record<string, string>>;
  readonly settings: Readonly<Record<string, string>>;
}

/** Makes the environment. */
export function serverEnvironment(facts: EnvironmentFacts): ServerEnvironment {
  const settings = { ...visibilityOf(facts.usersServer), ...settingsOf(facts) };
  const system = pick(facts.own, SYSTEM);
  const home = system.HOME ?? system.USERPROFILE ?? facts.fallbackHome;
  // Where the models lie is not recorded: it says nothing about speed, and often a person's name.
  const store: Record<string, string> = facts.modelStore === null ? {} : { OLLAMA_MODELS: facts.modelStore };
  return { settings, all: { HOME: home, ...system, ...settings, ...store, [MARK]: facts.mark } };
}

function settingsOf({ configuration, port }: EnvironmentFacts): Record<string, string> {
  const { kvCacheType, flashAttention, numCtx, concurrency } = configuration;
  const type = kvCacheType || "f16";
  // Where nothing is said of it, it is switched on for a cache that can't do without.
  const flash = flashAttention || (isQuantisedCache(type) ? "on" : "");
  return {
    OLLAMA_HOST: `127.0.0.1:${port}`,
    OLLAMA_NOPRUNE: "1",
    OLLAMA_KV_CACHE_TYPE: type,
    ...(flash === "" ? {} : { OLLAMA_FLASH_ATTENTION: flash === "on" ? "1" : "0" }),
    OLLAMA_NUM_PARALLEL: String(Math.max(1, concurrency)),
    OLLAMA_MAX_LOADED_MODELS: "1",
    OLLAMA_KEEP_ALIVE: "10m",
    OLLAMA_CONTEXT_LENGTH: String(numCtx),
    OLLAMA_NO_CLOUD: "1",
    OLLAMA_DEBUG: "1",
    LLAMA_ARG_CACHE_RAM: "0",
  };
}

const visibilityOf = (usersServer: Environment | null): Record<string, string> =>
  usersServer === null ? {} : pick(usersServer, GPU_VISIBILITY);

const pick = (from: Environment, names: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    names.flatMap((name) => {
      const value = from[name];
      return value === undefined || value === "" ? [] : [[name, value]];
    }),
  );
