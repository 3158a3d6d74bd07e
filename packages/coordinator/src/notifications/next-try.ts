// When a notification that was not taken is tried again, and when it is given up. Pure.
import type { TryOutcome } from "../store/notifications.ts";
import type { PostAnswer } from "./post.ts";

/** The pauses between tries. */
export interface Pace {
  readonly firstMs: number;
  readonly maxMs: number;
  /** Older ones are given up. */
  readonly giveUpMs: number;
}

/** 5 s, 20 s, 80 s, ... up to an hour, for a day: about thirty tries. */
export const PACE: Pace = { firstMs: 5_000, maxMs: 3_600_000, giveUpMs: 86_400_000 };

const GROWTH = 4;
/** "Gone": Standard Webhooks has receivers say so when they want nothing more. */
const GONE = 410;

/**
 * What a try came to.
 * @param attempts before this one
 * @param chance 0 to 1, for jitter: many that failed together must not come back together
 */
export function afterTry(
  { httpStatus, delivered, words: answer }: PostAnswer,
  { attempts, ageMs }: { readonly attempts: number; readonly ageMs: number },
  { pace, chance }: { readonly pace: Pace; readonly chance: number },
): TryOutcome {
  if (delivered) return { state: "delivered", answer };
  const fullMs = Math.min(pace.maxMs, pace.firstMs * GROWTH ** Math.min(attempts, 20));
  const retryInMs = fullMs * (0.5 + chance / 2);
  if (httpStatus === GONE || ageMs + retryInMs > pace.giveUpMs) return { state: "given_up", answer };
  return { state: "waiting", answer, retryInMs };
}
