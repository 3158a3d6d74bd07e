// Cuts a stream of bytes into lines without ever holding more than one line of bounded length.
import { LINE_BYTES_MAX } from "./stream-record.ts";

const NEWLINE = 0x0a;

/** Thrown for a line that never ends: reading on would exhaust the memory. */
export class LineTooLong extends Error {
  constructor(limit: number) {
    super(`The server sent a line of more than ${limit} bytes; an Ollama never does.`);
    this.name = "LineTooLong";
  }
}

/** Splits bytes at line feeds; a line may come in any number of pieces. */
export class LineSplitter {
  readonly #limit: number;
  #pieces: Uint8Array[] = [];
  #held = 0;

  constructor(limit: number = LINE_BYTES_MAX) {
    this.#limit = limit;
  }

  /**
   * @returns the lines that these bytes complete, without their line ends.
   * @throws LineTooLong
   */
  push(bytes: Uint8Array): string[] {
    const lines: string[] = [];
    let from = 0;
    for (let at = bytes.indexOf(NEWLINE); at !== -1; at = bytes.indexOf(NEWLINE, from)) {
      this.#hold(bytes.subarray(from, at));
      lines.push(this.#take());
      from = at + 1;
    }
    this.#hold(bytes.subarray(from));
    return lines;
  }

  /** @returns what is left after the last line feed, or null when nothing is. */
  finish(): string | null {
    return this.#held === 0 ? null : this.#take();
  }

  #hold(piece: Uint8Array): void {
    if (piece.length === 0) return;
    this.#held += piece.length;
    if (this.#held > this.#limit) throw new LineTooLong(this.#limit);
    this.#pieces.push(piece);
  }

  #take(): string {
    const line = Buffer.concat(this.#pieces, this.#held).toString("utf8");
    this.#pieces = [];
    this.#held = 0;
    return line;
  }
}
