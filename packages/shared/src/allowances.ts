// How much each sender may ask for: it saves up an allowance while it is silent, and spends it. Senders whose names anybody
// can make up take a bounded part of memory. Pure but for the clock that is passed in.

/** One allowance per sender. */
export interface AllowanceRule {
  /** What a sender that was silent may spend at once. */
  readonly savedMax: number;
  readonly perSecond: number;
  /** Monotonic, in milliseconds. */
  readonly now: () => number;
}

/** So many senders are told apart; the others share one allowance. */
const SENDERS_MAX = 10_000;
const EVERYBODY_ELSE = "everybody else";
/** Looking through all of them costs more than what is to be kept out: made-up names cause it this seldom. */
const FORGET_EVERY_MS = 1_000;

/** @returns takes a cost from the allowance of a sender, or says that it is spent */
export function createAllowances({ savedMax, perSecond, now }: AllowanceRule) {
  const senders = new Map<string, { saved: number; atMs: number }>();
  let forgotAtMs = Number.NEGATIVE_INFINITY;
  const savedNow = ({ saved, atMs }: { saved: number; atMs: number }) =>
    Math.min(savedMax, saved + ((now() - atMs) / 1_000) * perSecond);
  /** Who has its whole allowance again need not be remembered. */
  const forget = () => {
    if (now() - forgotAtMs < FORGET_EVERY_MS) return;
    forgotAtMs = now();
    for (const [sender, state] of senders) if (savedNow(state) >= savedMax) senders.delete(sender);
  };
  return (sender: string, cost = 1): boolean => {
    if (!senders.has(sender) && senders.size >= SENDERS_MAX) forget();
    const key = senders.has(sender) || senders.size < SENDERS_MAX ? sender : EVERYBODY_ELSE;
    const state = senders.get(key);
    const saved = state ? savedNow(state) : savedMax;
    const enough = saved >= cost;
    senders.set(key, { saved: enough ? saved - cost : saved, atMs: now() });
    return enough;
  };
}
