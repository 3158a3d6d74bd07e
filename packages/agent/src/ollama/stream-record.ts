// What a streamed answer looked like on the wire: when each line came on our own clock, and what was wrong with it.
// The figures and the checks are made from this record; the client library never sees a line that is not in it.

/** Longest line that is read. An honest line of a raw stream is below 10 KiB. */
export const LINE_BYTES_MAX = 1024 * 1024;

/** Longest answer that is read: a million tokens at 64 bytes a line. */
export const ANSWER_BYTES_MAX = 64 * 1024 * 1024;

/** Problems kept per stream: the first few tell the story, a hostile server could send millions. */
const PROBLEMS_MAX = 8;

/** One streamed answer. Times in milliseconds of the monotonic clock. */
export interface StreamRecord {
  /** Just before the request was sent. */
  readonly startedAtMs: number;
  /** Arrival of each line that carries text, in order. */
  readonly textTimesMs: readonly number[];
  /** UTF-8 bytes of all text. */
  readonly textBytes: number;
  /** Arrival of the line with `done`, or null when there was none. */
  readonly doneAtMs: number | null;
  /** The line with `done`, as sent. */
  readonly done: Readonly<Record<string, unknown>> | null;
  /** JSON lines seen, the one with `done` included. */
  readonly lines: number;
  /** Lines that came after the one with `done`. */
  readonly linesAfterDone: number;
  /** Text of a line `{"error": ...}`, or null. */
  readonly error: string | null;
  /** Sentences about lines that are not what a line must be; the first eight. */
  readonly problems: readonly string[];
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const excerpt = (line: string): string => JSON.stringify(line.length > 60 ? `${line.slice(0, 60)}...` : line);

/** Collects a StreamRecord line by line. */
export class StreamRecorder {
  readonly #startedAtMs: number;
  readonly #textTimesMs: number[] = [];
  readonly #problems: string[] = [];
  #textBytes = 0;
  #lines = 0;
  #linesAfterDone = 0;
  #doneAtMs: number | null = null;
  #done: Record<string, unknown> | null = null;
  #error: string | null = null;

  constructor(startedAtMs: number) {
    this.#startedAtMs = startedAtMs;
  }

  /**
   * Takes one line (without its line end) that arrived at `atMs`.
   * @returns whether the client library is to see it: the object with `done` or an error. The others are recorded, and
   *   to pass each on would cost the machine under test more for a token than taking it down.
   */
  add(line: string, atMs: number): boolean {
    if (line.trim() === "") return false;
    if (this.#done !== null) {
      this.#linesAfterDone += 1;
      return false;
    }
    const message = this.#parse(line);
    if (message === null) return false;
    this.#lines += 1;
    this.#takeText(message, atMs);
    if (message.error !== undefined) {
      this.#error = typeof message.error === "string" ? message.error : JSON.stringify(message.error);
    }
    if (message.done === true) {
      this.#done = message;
      this.#doneAtMs = atMs;
    } else if (message.done !== undefined && message.done !== false) {
      this.#problem(`"done" is ${JSON.stringify(message.done)} instead of true or false`);
    }
    return this.#done !== null || message.error !== undefined;
  }

  /** What was seen so far. */
  record(): StreamRecord {
    return {
      startedAtMs: this.#startedAtMs,
      textTimesMs: this.#textTimesMs,
      textBytes: this.#textBytes,
      doneAtMs: this.#doneAtMs,
      done: this.#done,
      lines: this.#lines,
      linesAfterDone: this.#linesAfterDone,
      error: this.#error,
      problems: this.#problems,
    };
  }

  #parse(line: string): Record<string, unknown> | null {
    try {
      const message: unknown = JSON.parse(line);
      if (isObject(message)) return message;
      this.#problem(`a line is JSON but not an object: ${excerpt(line)}`);
    } catch {
      // Not JSON: that is the finding, and the parser's own words add nothing to it.
      this.#problem(`a line is not JSON: ${excerpt(line)}`);
    }
    return null;
  }

  #takeText(message: Record<string, unknown>, atMs: number): void {
    for (const key of ["response", "thinking"]) {
      const text = message[key];
      if (text === undefined || text === "") continue;
      if (typeof text !== "string") {
        this.#problem(`"${key}" is ${typeof text} instead of text`);
        continue;
      }
      this.#textTimesMs.push(atMs);
      this.#textBytes += Buffer.byteLength(text);
    }
  }

  #problem(sentence: string): void {
    if (this.#problems.length < PROBLEMS_MAX) this.#problems.push(sentence);
  }
}
