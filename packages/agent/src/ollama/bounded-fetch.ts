// The fetch that is handed to the ollama client: one signal for the whole request, no time limits of its own, no
// redirects, bounded answers, and a recorder on every line of a stream. `client.abort()` can't stop a request before
// its headers came, Node's fetch gives up after 300 s of prefill and refuses some ports; hence this one. It stands on
// Node's own http: with undici an idle agent has 9 MB more in memory.
import http, { type IncomingMessage } from "node:http";
import https from "node:https";
import { LineSplitter } from "./line-splitter.ts";
import { ANSWER_BYTES_MAX, type StreamRecorder } from "./stream-record.ts";

/** Thrown for an answer beyond what any Ollama sends. */
export class AnswerTooLong extends Error {
  constructor(limit: number) {
    super(`The server sent more than ${limit} bytes in one answer; an Ollama never does.`);
    this.name = "AnswerTooLong";
  }
}

/** How one request is to be made. */
export interface BoundedFetchOptions {
  /** Ends the request at once, before or after its headers. */
  readonly signal: AbortSignal;
  /** Records the lines of the answer; absent for answers that are one JSON document. */
  readonly recorder?: Pick<StreamRecorder, "add">;
  /** Called when a streamed answer has ended, however it ended. */
  readonly onEnd?: () => void;
}

/** A server that does not even accept a connection in this time is not there. */
const CONNECT_LIMIT_MS = 10_000;

/** Thrown when nothing accepts the connection; the code is that of the system's own, much later, time-out. */
class ConnectTimeout extends Error {
  readonly code = "ETIMEDOUT";
  constructor() {
    super(`no connection within ${CONNECT_LIMIT_MS / 1000} s`);
  }
}

type FetchFunction = typeof globalThis.fetch;
type Chunks = AsyncIterable<unknown>;

/** A fetch for one request of the ollama client. */
export function boundedFetch(options: BoundedFetchOptions): FetchFunction {
  return async (input, init) => {
    const body = await send(new URL(String(input)), init, options.signal);
    const status = body.statusCode ?? 500;
    if (status >= 300 && status < 400) {
      body.destroy();
      const text = `it wants to redirect to ${String(body.headers.location ?? "elsewhere")}, which an Ollama never does`;
      return errorResponse(text, status);
    }
    if (status >= 400) return errorResponse(await readAll(body), status);
    if (options.recorder === undefined) return new Response(await readAll(body), { status: 200 });
    return new Response(recordedBody(body, options), { status: 200 });
  };
}

/**
 * Sends a request and resolves with its headers. A connection per request: a pooled one may be closed by the server in the
 * moment of its next use, and that would look like a crash in the middle of a trial.
 */
function send(url: URL, init: RequestInit | undefined, signal: AbortSignal): Promise<IncomingMessage> {
  const { request } = url.protocol === "https:" ? https : http;
  const method = init?.method === "POST" || init?.method === "DELETE" ? init.method : "GET";
  const body = typeof init?.body === "string" ? init.body : undefined;
  // Node announces no body for DELETE by itself, and a server takes one that is not announced for another request.
  const length = body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) };
  const headers = { ...(init?.headers as Record<string, string> | undefined), ...length };
  return new Promise((resolve, reject) => {
    const asked = request(url, { method, headers, signal, agent: false }, resolve);
    const connecting = setTimeout(() => asked.destroy(new ConnectTimeout()), CONNECT_LIMIT_MS);
    asked.on("socket", (socket) => socket.once("connect", () => clearTimeout(connecting)));
    asked.on("close", () => clearTimeout(connecting));
    // After the headers came, whoever reads the body hears of it.
    asked.on("error", reject);
    asked.end(body);
  });
}

const bytesOf = (value: unknown): Uint8Array => (value instanceof Uint8Array ? value : new Uint8Array());

async function readAll(chunks: Chunks): Promise<string> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    const piece = bytesOf(chunk);
    length += piece.length;
    if (length > ANSWER_BYTES_MAX) throw new AnswerTooLong(ANSWER_BYTES_MAX);
    pieces.push(piece);
  }
  return Buffer.concat(pieces, length).toString("utf8");
}

/** The client prints to stdout for errors that are not JSON, and expects `error` to be text: give it that. */
function errorResponse(text: string, status: number): Response {
  const error = errorTextOf(text) || `HTTP ${status}`;
  // A Response can't be made with every status; the client only asks whether it is a good one, and which.
  return new Response(JSON.stringify({ error }), {
    status: status >= 200 && status <= 599 ? status : 500,
    headers: { "content-type": "application/json" },
  });
}

/** The message inside an error body: {"error": text}, llama-server's {"error": {"message": text}}, or the text itself. */
export function errorTextOf(body: string): string {
  try {
    const { error } = JSON.parse(body) as { error?: unknown };
    if (typeof error === "string") return error;
    if (error !== undefined) return JSON.stringify(error);
  } catch {
    // Not JSON: the text itself is the message.
  }
  return body.trim().slice(0, 2000);
}

/** Reads to the very end without waiting for the consumer, so that arrival times are the network's, not the client's. */
function recordedBody(chunks: Chunks, options: BoundedFetchOptions): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    start(controller) {
      pump(chunks, controller, options)
        .then(
          () => controller.close(),
          (problem: unknown) => controller.error(problem),
        )
        .catch(() => {
          // The consumer has let go of the stream (it stops at `done`); nobody is left to tell.
        })
        .finally(() => options.onEnd?.());
    },
  });
}

async function pump(
  chunks: Chunks,
  controller: ReadableStreamDefaultController<Uint8Array>,
  { recorder }: BoundedFetchOptions,
): Promise<void> {
  const splitter = new LineSplitter();
  let length = 0;
  const take = (line: string, atMs: number): void => {
    if (recorder?.add(line, atMs)) controller.enqueue(Buffer.from(`${line}\n`));
  };
  for await (const chunk of chunks) {
    const atMs = performance.now();
    const bytes = bytesOf(chunk);
    length += bytes.length;
    if (length > ANSWER_BYTES_MAX) throw new AnswerTooLong(ANSWER_BYTES_MAX);
    for (const line of splitter.push(bytes)) take(line, atMs);
  }
  const rest = splitter.finish();
  if (rest !== null) take(rest, performance.now());
}
