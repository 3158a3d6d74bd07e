// One try: POST, a time-out, no redirects, and of the answer only its status. Never rejects.
import { messageOf, systemCodeOf } from "@ozone/shared/errors";
import { OZONE_VERSION } from "@ozone/shared/version";
import type { Endpoint } from "./endpoint.ts";
import { type Signed, webhookHeaders } from "./sign.ts";

/** What came of it. */
export interface PostAnswer {
  /** 0: no answer. */
  readonly httpStatus: number;
  readonly delivered: boolean;
  /** In one sentence, without the address. */
  readonly words: string;
  readonly tookMs: number;
}

/** An answer later than that is none. */
export const ANSWER_MS_MAX = 10_000;

/** Undici hides what is wrong in the cause of "fetch failed"; its words may hold host and port, never the path. */
function problemOf(thrown: unknown, limitMs: number): string {
  if (thrown instanceof Error && thrown.name === "TimeoutError") return `no answer within ${limitMs} ms`;
  const code = systemCodeOf(thrown);
  if (code !== null) return `no connection (${code})`;
  const cause = thrown instanceof Error && thrown.cause instanceof Error ? thrown.cause : thrown;
  return `no connection (${messageOf(cause).slice(0, 120)})`;
}

function wordsOf(status: number): string {
  if (status >= 200 && status < 300) return `HTTP ${status}`;
  return status >= 300 && status < 400 ? `HTTP ${status}; redirects are not followed` : `HTTP ${status}`;
}

/**
 * Tries once.
 * @param signal ends the try; it is then as if there had been no answer
 */
export async function post(
  { url, key }: Endpoint,
  signed: Signed,
  { signal, limitMs = ANSWER_MS_MAX }: { signal: AbortSignal; limitMs?: number },
): Promise<PostAnswer> {
  const startedAtMs = performance.now();
  const since = () => performance.now() - startedAtMs;
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "user-agent": `ozone/${OZONE_VERSION}`,
        ...webhookHeaders(signed, key),
      },
      body: signed.body,
      redirect: "manual",
      signal: AbortSignal.any([signal, AbortSignal.timeout(limitMs)]),
    });
    // Nobody needs what it says, and it may be endless.
    await response.body?.cancel().catch(() => undefined);
    const { status, ok } = response;
    return { httpStatus: status, delivered: ok, words: wordsOf(status), tookMs: since() };
  } catch (thrown) {
    return { httpStatus: 0, delivered: false, words: problemOf(thrown, limitMs), tookMs: since() };
  }
}
