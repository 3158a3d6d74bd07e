// One HTTP request and its answer: reading a limited JSON body, answering in JSON or as a stream of JSON lines, and
// noticing that the client went away.
import type { IncomingMessage, ServerResponse } from "node:http";
import { ApiError } from "./api-error.ts";

/** The longest JSON body: a prompt of 131072 long words is about 1 MB. */
export const jsonBytesMax = 32 * 1024 * 1024;

/** A client that leaves this much of its stream unread loses its connection, so that it cannot fill the memory. */
const unreadBytesMax = 16 * 1024 * 1024;

/** Where even dropping ends and the connection is cut. */
const droppedBytesMax = 8 * jsonBytesMax;

/** A JSON object of unknown content. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** One request and its answer. */
export class Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** The path's variable part, decoded; "" where the route has none. */
  readonly parameter: string;
  #gone = new AbortController();

  constructor(request: IncomingMessage, response: ServerResponse, parameter: string) {
    this.request = request;
    this.response = response;
    this.parameter = parameter;
    response.once("close", () => {
      if (!response.writableFinished) this.#gone.abort();
    });
  }

  /** Aborts when the client goes away before the answer is complete. */
  get signal(): AbortSignal {
    return this.#gone.signal;
  }

  get streaming(): boolean {
    return this.response.headersSent;
  }

  /** The body as a JSON object. Throws ApiError 400 for anything else, 413 if it is too long. */
  async json(): Promise<JsonObject> {
    const text = (await this.#body()).toString("utf8");
    if (text.trim() === "") throw new ApiError(400, "missing request body");
    const value = parseJson(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as JsonObject;
    throw new ApiError(400, "the request body must be a JSON object");
  }

  /** Answers with one JSON document. */
  reply(status: number, body: unknown): void {
    const text = JSON.stringify(body);
    this.response.writeHead(status, {
      "content-type": "application/json; charset=utf-8",
      "content-length": Buffer.byteLength(text),
    });
    this.response.end(this.request.method === "HEAD" ? undefined : text);
  }

  /** Answers with plain text. */
  replyText(status: number, text: string): void {
    this.response.writeHead(status, { "content-type": "text/plain; charset=utf-8" });
    this.response.end(this.request.method === "HEAD" ? undefined : text);
  }

  /** Answers with a status and nothing else. */
  replyEmpty(status: number): void {
    this.response.writeHead(status, { "content-length": 0 });
    this.response.end();
  }

  /** Sends one line of a stream; the first call sends the headers too. */
  line(body: unknown): void {
    if (!this.response.headersSent) {
      this.response.writeHead(200, {
        "content-type": "application/x-ndjson",
        "transfer-encoding": "chunked",
      });
    }
    this.response.write(`${JSON.stringify(body)}\n`);
    if (this.response.writableLength > unreadBytesMax) this.response.destroy();
  }

  /** Ends a stream. */
  end(): void {
    this.response.end();
  }

  async #body(): Promise<Buffer> {
    const chunks: Buffer[] = [];
    let total = 0;
    for await (const chunk of this.request as AsyncIterable<Buffer>) {
      total += chunk.length;
      // The rest is read and dropped, so that the client gets its answer on a connection that stays usable.
      if (total > jsonBytesMax) chunks.length = 0;
      else chunks.push(chunk);
      if (total > droppedBytesMax) break;
    }
    if (total > jsonBytesMax)
      throw new ApiError(413, `the request body is longer than ${jsonBytesMax} bytes`);
    return Buffer.concat(chunks);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ApiError(400, error instanceof Error ? error.message : String(error));
  }
}
