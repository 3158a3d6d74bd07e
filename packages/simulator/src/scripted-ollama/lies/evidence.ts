// What a client can see of a server over raw HTTP in one short session; the tests of the lies look for their traces in it.
import type { Received } from "../raw-client.ts";
import { call, lastRecord, numberIn, textLines, uniquePrompt } from "../raw-client.ts";

/** Load options of the session; unusual on purpose, so that a server which ignores them is seen. */
export const ASKED = { num_ctx: 1024, num_batch: 128, num_thread: 2 } as const;
/** Tokens of every sample's prompt, BOS included, and tokens asked for. */
export const PROMPT_TOKENS = 801;
export const NUM_PREDICT = 16;

/** What the server said about itself at one moment. */
export interface Snapshot {
  readonly version: string;
  readonly tags: readonly Record<string, unknown>[];
  readonly ps: readonly Record<string, unknown>[];
}

/** One session: load, two samples, with snapshots around, then loads with other options, then an unload. */
export interface Evidence {
  readonly load: Received;
  readonly before: Snapshot;
  readonly samples: readonly Received[];
  readonly after: Snapshot;
}

/** Runs a session. */
export async function gather(url: string): Promise<Evidence> {
  const load = await generate(url, { prompt: "" });
  const before = await snapshot(url);
  const samples = [await sample(url, "alpha"), await sample(url, "beta")];
  return { load, before, samples, after: await snapshot(url) };
}

/** A generation that is large enough to be a sample. */
export function sample(url: string, nonce: string, rest: Record<string, unknown> = {}): Promise<Received> {
  return generate(
    url,
    { prompt: uniquePrompt(PROMPT_TOKENS - 1, nonce), ...rest },
    { num_predict: NUM_PREDICT },
  );
}

/** Any generation with the session's options. */
export function generate(
  url: string,
  body: Record<string, unknown>,
  options: Record<string, unknown> = {},
): Promise<Received> {
  const asked = { model: "scripted:tiny", raw: true, truncate: false, shift: false };
  return call(`${url}/api/generate`, { body: { ...asked, ...body, options: { ...ASKED, ...options } } });
}

/** What the server says about itself now. */
export async function snapshot(url: string): Promise<Snapshot> {
  const rows = async (path: string) =>
    (lastRecord(await call(`${url}${path}`)).models ?? []) as Record<string, unknown>[];
  const version = String(lastRecord(await call(`${url}/api/version`)).version);
  return { version, tags: await rows("/api/tags"), ps: await rows("/api/ps") };
}

/** The measured side of one sample, in milliseconds, beside what the server claims. */
export interface Clocks {
  readonly ttftMs: number;
  readonly spanMs: number;
  readonly wholeMs: number;
  readonly totalMs: number;
  readonly loadMs: number;
  readonly promptMs: number;
  readonly evalMs: number;
  readonly longestGapMs: number;
  readonly chunks: number;
}

/** Puts the client's clock and the server's side by side. */
export function clocksOf(received: Received): Clocks {
  const [texts, last] = [textLines(received), lastRecord(received)];
  const times = texts.map(({ atMs }) => atMs);
  const [first, end] = [times[0] ?? Number.NaN, times.at(-1) ?? Number.NaN];
  const ms = (key: string) => numberIn(last, key) / 1e6;
  return {
    ttftMs: first - received.startMs,
    spanMs: end - first,
    wholeMs: received.endMs - received.startMs,
    totalMs: ms("total_duration"),
    loadMs: ms("load_duration"),
    promptMs: ms("prompt_eval_duration"),
    evalMs: ms("eval_duration"),
    longestGapMs: Math.max(0, ...times.slice(1).map((at, index) => at - (times[index] ?? at))),
    chunks: texts.length,
  };
}
