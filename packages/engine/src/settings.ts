// The server's settings, read from the environment under Ollama's names. Pure: environment in, settings and warnings out.
import { join } from "node:path";
import { type DurationMs, parseGoDuration, secondsOrForever } from "./duration.ts";

/** The precision of the key-value cache. */
export type KvCacheType = "f16" | "q8_0" | "q4_0";

/** What holds for every request until the server stops. */
export interface EngineSettings {
  readonly dataDir: string;
  readonly kvCacheType: KvCacheType;
  readonly flashAttention: boolean;
  /** Sequences that share one loaded model; each gets the whole of num_ctx. */
  readonly parallel: number;
  readonly keepAliveMs: DurationMs;
  /** Requests that may wait for a model to be loaded. */
  readonly queueLengthMax: number;
  readonly loadTimeoutMs: DurationMs;
  /** num_ctx of requests that do not say. */
  readonly contextLengthDefault: number;
}

/** The settings and what was wrong with the environment, as sentences for the log. */
export interface SettingsReading {
  readonly settings: EngineSettings;
  readonly warnings: readonly string[];
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Reads the settings. A value that cannot be read is reported and its default used, as Ollama does. */
export function readSettings(environment: Environment, homeDir: string): SettingsReading {
  const warnings: string[] = [];
  const warn = (sentence: string): void => {
    warnings.push(sentence);
  };
  const flashAttention = readSwitch(environment.OLLAMA_FLASH_ATTENTION, true);
  const settings: EngineSettings = {
    dataDir: dataDirOf(environment, homeDir),
    flashAttention,
    kvCacheType: readKvCacheType(environment.OLLAMA_KV_CACHE_TYPE, flashAttention, warn),
    parallel: readCount(environment, { name: "OLLAMA_NUM_PARALLEL", fallback: 1, least: 1 }, warn),
    keepAliveMs: readDuration(environment, "OLLAMA_KEEP_ALIVE", warn),
    queueLengthMax: readCount(environment, { name: "OLLAMA_MAX_QUEUE", fallback: 512, least: 0 }, warn),
    loadTimeoutMs: readDuration(environment, "OLLAMA_LOAD_TIMEOUT", warn) || Number.POSITIVE_INFINITY,
    contextLengthDefault:
      readCount(environment, { name: "OLLAMA_CONTEXT_LENGTH", fallback: 4096, least: 0 }, warn) || 4096,
  };
  return { settings, warnings };
}

function dataDirOf(environment: Environment, homeDir: string): string {
  if (environment.OZONE_ENGINE_DATA_DIR) return environment.OZONE_ENGINE_DATA_DIR;
  if (environment.OZONE_DATA_DIR) return join(environment.OZONE_DATA_DIR, "engine");
  return join(homeDir, ".local", "share", "ozone", "engine");
}

/** Go's ParseBool; text that is neither counts as true, as in Ollama. */
function readSwitch(text: string | undefined, fallback: boolean): boolean {
  const value = text?.trim();
  if (value === undefined || value === "") return fallback;
  return !["0", "f", "F", "false", "FALSE", "False"].includes(value);
}

function readKvCacheType(
  text: string | undefined,
  flashAttention: boolean,
  warn: (sentence: string) => void,
): KvCacheType {
  const value = text?.trim().toLowerCase() ?? "";
  if (value === "" || value === "f16") return "f16";
  if (value !== "q8_0" && value !== "q4_0") {
    warn(`kv cache type not supported: OLLAMA_KV_CACHE_TYPE is ${JSON.stringify(value)}, using f16`);
    return "f16";
  }
  if (flashAttention) return value;
  warn(
    `kv cache type not supported: quantized kv cache ${value} requested, but flash attention disabled, using f16`,
  );
  return "f16";
}

interface CountSetting {
  readonly name: string;
  readonly fallback: number;
  readonly least: number;
}

function readCount(
  environment: Environment,
  setting: CountSetting,
  warn: (sentence: string) => void,
): number {
  const text = environment[setting.name]?.trim() ?? "";
  if (text === "") return setting.fallback;
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= setting.least) return value;
  warn(`invalid environment variable ${setting.name}=${JSON.stringify(text)}, using ${setting.fallback}`);
  return setting.fallback;
}

const fiveMinutesMs = 300_000;

function readDuration(environment: Environment, name: string, warn: (sentence: string) => void): DurationMs {
  const text = environment[name]?.trim() ?? "";
  if (text === "") return fiveMinutesMs;
  if (/^[-+]?\d+$/.test(text)) return secondsOrForever(Number(text));
  try {
    return parseGoDuration(text);
  } catch {
    // Not a duration: reported, and the default stands in.
    warn(`invalid environment variable ${name}=${JSON.stringify(text)}, using 5m`);
    return fiveMinutesMs;
  }
}
