// What a managed server's log says of the settings that are in force, over the versions of Ollama (0.12 to 0.32 tried)
// and the reference engine. /api/ps of Ollama shows none of them; of several loads the latest counts.
import type { LoggedSettings } from "../measure/ports.ts";

/** Before the first line. */
export const NOTHING_LOGGED: LoggedSettings = {
  kvCacheType: null,
  flashAttention: null,
  parallel: null,
  complaint: null,
};

const COMPLAINT =
  /kv cache type not supported|quantized kv cache requested but|must be enabled to use a quantized|unsupported OLLAMA_KV_CACHE_TYPE|flash attention enabled but not supported|does not (?:currently )?support parallel|V cache (?:quantization )?requires|requires flash[ _]att|flash_attn is not compatible/i;

/** llama.cpp, when the cache is allocated: K (q8_0): 1.06 MiB, V (q8_0): 1.06 MiB. What is there, not what was asked for. */
const ALLOCATED = /\bK \(([\w]+)\):.*\bV \(([\w]+)\):/;

/** llama.cpp with flash attention left to itself, or told: "flash_attn = enabled", "Flash Attention was auto, set to enabled". */
const FLASH =
  /flash_attn\s*=\s*(enabled|disabled|0|1)\b|Flash Attention (?:was auto, set to )?(enabled|disabled)\b/;

/** Ollama to 0.24: the request to its own runner, the only trace of its own engine. An empty type is f16. */
const REQUEST = /msg=load request="\{.*\bParallel:(\d+)\b.*\bFlashAttention:(\w+)\b.*\bKvCacheType:(\w*)/;

/** Ollama from 0.30: the command line of llama-server. */
const COMMAND = /msg="starting llama-server" cmd="(.*)"/;

/** The reference engine, when a model is loaded. */
const REFERENCE =
  /msg="llama runner started".*\bparallel=(\d+) kvCacheType=(\w+) flashAttention=(true|false)/;

/** One line more. Pure. */
export function readLogLine(before: LoggedSettings, line: string): LoggedSettings {
  const allocated = ALLOCATED.exec(line);
  if (allocated !== null) return { ...before, kvCacheType: cacheType(allocated[1], allocated[2]) };
  const flash = FLASH.exec(line);
  if (flash !== null) return { ...before, flashAttention: isOn(flash[1] ?? flash[2] ?? "") };
  const request = REQUEST.exec(line);
  if (request !== null) return afterRequest(before, request);
  const command = COMMAND.exec(line);
  if (command !== null) return afterCommand(before, command[1] ?? "");
  const reference = REFERENCE.exec(line);
  if (reference !== null) {
    const [, parallel, kvCacheType = null, flashAttention] = reference;
    return { ...before, kvCacheType, flashAttention: flashAttention === "true", parallel: Number(parallel) };
  }
  if (COMPLAINT.test(line)) return { ...before, complaint: wordsOf(line) };
  return before;
}

function afterRequest(
  before: LoggedSettings,
  [, parallel, flash = "", type]: RegExpExecArray,
): LoggedSettings {
  // A runner that is let go of is sent a request too, with everything at zero.
  if (Number(parallel) === 0) return before;
  const decided = /^(true|false|enabled|disabled)$/i.test(flash);
  return {
    ...before,
    parallel: Number(parallel),
    kvCacheType: type || "f16",
    flashAttention: decided ? isOn(flash) : before.flashAttention,
  };
}

/** What is passed on is not yet in force: type and flash attention follow from the lines of the load. */
function afterCommand(before: LoggedSettings, command: string): LoggedSettings {
  const parallel = /(?:^|\s)-np (\d+)\b/.exec(command)?.[1];
  return {
    ...before,
    kvCacheType: null,
    flashAttention: null,
    parallel: parallel === undefined ? null : Number(parallel),
  };
}

const isOn = (word: string): boolean => /^(enabled|true|1)$/i.test(word);

const cacheType = (k = "", v = ""): string => (k === v ? k : `${k} for K and ${v} for V`);

/** The message of a line in Ollama's key=value shape with its type, else the line. */
function wordsOf(line: string): string {
  const message = /\bmsg="((?:[^"\\]|\\.)*)"/.exec(line)?.[1] ?? line;
  const type = /\btype="?([\w]+)"?/.exec(line)?.[1];
  return `${message.replace(/\\"/g, '"').trim()}${type === undefined ? "" : ` (${type})`}`.slice(0, 300);
}

/** Lines kept for the sentence about a server that ended. */
const KEPT_LINES = 40;
/** A line beyond this is cut; a log without line ends must not fill the memory. */
const LINE_MAX = 16_384;

/** Reads a log as it comes, keeping only what is asked for. */
export class ServerLog {
  #settings = NOTHING_LOGGED;
  #last: string[] = [];
  #rest = "";

  /** The next piece of it. */
  add(piece: string): void {
    const lines = (this.#rest + piece).split("\n");
    this.#rest = (lines.pop() ?? "").slice(-LINE_MAX);
    for (const line of lines) {
      this.#settings = readLogLine(this.#settings, line.slice(0, LINE_MAX));
      this.#last.push(line.slice(0, 500));
    }
    this.#last = this.#last.slice(-KEPT_LINES);
  }

  get settings(): LoggedSettings {
    return this.#settings;
  }

  /** The last line that speaks of a failure, else the last one; empty before the first. */
  lastWords(): string {
    const lines = [...this.#last, this.#rest].map((line) => line.trim()).filter((line) => line !== "");
    const bad = lines.filter((line) => /\b(error|fatal|panic|failed|taken|in use)\b/i.test(line));
    return (bad.at(-1) ?? lines.at(-1) ?? "").slice(0, 300);
  }
}
