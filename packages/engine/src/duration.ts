// Durations as people write them to Ollama: numbers of seconds, or Go's text form such as "5m", "1h30m", "-1s".

/** A length of time in milliseconds; Infinity means for ever. */
export type DurationMs = number;

const unitMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

const wholeForm = /^[-+]?(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|ms|s|m|h))+$/;

/**
 * Reads Go's text form. Negative means for ever, as Ollama has it. Throws an Error with Go's words for anything else.
 */
export function parseGoDuration(text: string): DurationMs {
  if (text === "0" || text === "+0" || text === "-0") return 0;
  if (/^[-+]?(?:\d+\.?\d*|\.\d+)$/.test(text)) {
    throw new Error(`time: missing unit in duration ${JSON.stringify(text)}`);
  }
  if (!wholeForm.test(text)) throw new Error(`time: invalid duration ${JSON.stringify(text)}`);
  if (text.startsWith("-")) return Number.POSITIVE_INFINITY;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+\.?\d*|\.\d+)(ns|us|µs|ms|s|m|h)/g)) {
    total += Number(amount) * (unitMs[unit ?? ""] ?? 0);
  }
  return total;
}

/** Reads a request's `keep_alive`: undefined if absent or null. Throws an Error with Ollama's words for a wrong value. */
export function parseKeepAlive(value: unknown): DurationMs | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "number") return secondsOrForever(value);
  if (typeof value === "string") return parseGoDuration(value);
  throw new Error(`Unsupported type: '${typeof value}'`);
}

/** Seconds to milliseconds; negative means for ever. */
export function secondsOrForever(seconds: number): DurationMs {
  return seconds < 0 ? Number.POSITIVE_INFINITY : seconds * 1000;
}
