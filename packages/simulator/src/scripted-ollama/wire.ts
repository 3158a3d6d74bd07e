// One HTTP answer on its way out: status, lines, and the ways in which a connection can misbehave.
import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { waitSeconds } from "./schedule.ts";

const HUGE_PIECE = Buffer.alloc(64 * 1024, "x");

/** An answer being written. Every wait ends when the client goes away or the server stops. */
export class Wire {
  readonly #response: ServerResponse;
  readonly #gone = new AbortController();
  #dripSeconds = 0;
  #held: string[] | null = null;
  #ended = false;

  constructor(response: ServerResponse) {
    this.#response = response;
    response.once("close", () => this.#gone.abort());
    // A write to a connection that the client has closed is no event for the script.
    response.on("error", () => this.#gone.abort());
  }

  /** Aborted when the client goes away before the answer is complete, or when it is. */
  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  /** Headers have left, so that an error can only be told as a line of the stream. */
  get started(): boolean {
    return this.#response.headersSent;
  }

  /** A complete JSON answer. */
  json(status: number, body: unknown, headers: Record<string, string> = {}): void {
    this.#finish(
      status,
      { "content-type": "application/json; charset=utf-8", ...headers },
      JSON.stringify(body),
    );
  }

  /** A complete answer in plain text, or an empty one. */
  text(status: number, body: string): void {
    this.#finish(status, { "content-type": "text/plain; charset=utf-8" }, body);
  }

  /** An answer without body. */
  empty(status: number): void {
    this.#finish(status, {}, "");
  }

  /** One line of a stream; the first one sends the headers. */
  async line(line: string): Promise<void> {
    if (this.#held !== null) this.#held.push(`${line}\n`);
    else await this.#send(`${line}\n`);
  }

  /** From now on lines are kept until `release`. */
  hold(): void {
    this.#held = [];
  }

  /** Sends all kept lines in one write. */
  async release(): Promise<void> {
    const held = this.#held ?? [];
    this.#held = null;
    if (held.length > 0) await this.#send(held.join(""));
  }

  /** Writes so many bytes without a newline, no faster than the client takes them. */
  async bytes(count: number): Promise<void> {
    this.#head();
    for (let left = count; left > 0 && !this.gone.aborted; left -= HUGE_PIECE.length) {
      const taken = this.#response.write(HUGE_PIECE.subarray(0, Math.min(left, HUGE_PIECE.length)));
      if (!taken) await this.#drained();
    }
  }

  /** From now on every write goes out byte by byte. */
  drip(secondsPerByte: number): void {
    this.#dripSeconds = secondsPerByte;
  }

  /** Ends the stream as complete. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#response.end();
  }

  /** Cuts the connection with a reset. */
  reset(): void {
    this.#ended = true;
    this.#response.socket?.resetAndDestroy();
  }

  /** Waits until the client goes away or the server stops. */
  async untilGone(): Promise<void> {
    if (!this.gone.aborted) await once(this.gone, "abort");
  }

  #finish(status: number, headers: Record<string, string>, body: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#response.writeHead(status, { ...headers, "content-length": Buffer.byteLength(body) });
    this.#response.end(body);
  }

  async #send(text: string): Promise<void> {
    if (this.#ended || this.gone.aborted) return;
    this.#head();
    if (this.#dripSeconds === 0) {
      this.#response.write(text);
      return;
    }
    for (const byte of Buffer.from(text)) {
      if (this.gone.aborted) return;
      this.#response.write(Buffer.of(byte));
      await waitSeconds(this.#dripSeconds, this.gone);
    }
  }

  #head(): void {
    if (!this.#response.headersSent)
      this.#response.writeHead(200, { "content-type": "application/x-ndjson" });
  }

  async #drained(): Promise<void> {
    try {
      await once(this.#response, "drain", { signal: this.gone });
    } catch {
      // The client went away while it was being written to; the loop sees the signal.
    }
  }
}
