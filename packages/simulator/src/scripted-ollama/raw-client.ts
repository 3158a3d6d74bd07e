// A bare HTTP client for the tests of the scripted server: it writes down what came over the wire and when, and judges nothing.

/** One line of a stream and when it was complete. */
export interface ReceivedLine {
  readonly atMs: number;
  readonly text: string;
  /** Undefined when the line is no JSON object. */
  readonly record: Record<string, unknown> | undefined;
}

/** Everything that came back for one request. */
export interface Received {
  readonly status: number;
  readonly headers: Headers;
  readonly startMs: number;
  readonly headersMs: number;
  readonly endMs: number;
  readonly lines: readonly ReceivedLine[];
  readonly byteCount: number;
  /** Why reading ended early: a broken connection or the caller's signal. */
  readonly broken: string | undefined;
}

/** Sends a request and reads the answer to its end. The body is sent as JSON. */
export async function call(
  url: string,
  options: { method?: string; body?: unknown; signal?: AbortSignal; keepText?: boolean } = {},
): Promise<Received> {
  const startMs = performance.now();
  const response = await fetch(url, {
    method: options.method ?? (options.body === undefined ? "GET" : "POST"),
    redirect: "manual",
    ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  const head = { status: response.status, headers: response.headers, startMs, headersMs: performance.now() };
  return { ...head, ...(await readLines(response, options.keepText !== false)) };
}

/** The last record of a stream, or an empty one. */
export function lastRecord(received: Received): Record<string, unknown> {
  return received.lines.at(-1)?.record ?? {};
}

/** The lines that carry text. */
export function textLines(received: Received): readonly ReceivedLine[] {
  return received.lines.filter(
    ({ record }) => typeof record?.response === "string" && record.response !== "",
  );
}

/** A number of a record; 0 when it is missing, as Ollama leaves zero values out. */
export function numberIn(record: Record<string, unknown>, key: string): number {
  const value = record[key];
  return typeof value === "number" ? value : 0;
}

/** A prompt of so many one-token words with a beginning of its own. */
export function uniquePrompt(words: number, nonce: string): string {
  return [
    nonce,
    ...Array.from({ length: words - 1 }, (_, index) => (index % 2 === 0 ? "river" : "stone")),
  ].join(" ");
}

async function readLines(
  response: Response,
  keepText: boolean,
): Promise<Pick<Received, "lines" | "byteCount" | "broken" | "endMs">> {
  const lines: ReceivedLine[] = [];
  const decoder = new TextDecoder();
  let [rest, byteCount] = ["", 0];
  let broken: string | undefined;
  try {
    for await (const piece of response.body ?? []) {
      byteCount += piece.length;
      if (!keepText) continue;
      const atMs = performance.now();
      const complete = (rest + decoder.decode(piece, { stream: true })).split("\n");
      rest = complete.pop() ?? "";
      for (const text of complete) lines.push({ atMs, text, record: parse(text) });
    }
  } catch (error) {
    broken = error instanceof Error ? error.message : String(error);
  }
  if (rest !== "") lines.push({ atMs: performance.now(), text: rest, record: parse(rest) });
  return { lines, byteCount, broken, endMs: performance.now() };
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
