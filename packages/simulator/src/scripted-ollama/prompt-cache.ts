// The prefix cache: per slot the longest common token prefix, and in newer releases a store of earlier prompts in host memory.
import type { Token } from "./tokens.ts";
import { commonPrefix } from "./tokens.ts";

/** Earlier prompts that the host store remembers; a real one is bounded by bytes. */
const HOST_ENTRIES = 64;

/** One parallel slot of a runner. */
export interface Slot {
  tokens: readonly Token[];
  busy: boolean;
}

/** The slots of one runner with what is cached in them. */
export class PromptCache {
  readonly #slots: Slot[];
  readonly #host: (readonly Token[])[] = [];
  readonly #useHost: boolean;

  constructor(slotCount: number, useHost: boolean) {
    this.#slots = Array.from({ length: slotCount }, () => ({ tokens: [], busy: false }));
    this.#useHost = useHost;
  }

  /** Takes the free slot that shares most with the prompt, or undefined when all are busy. */
  take(prompt: readonly Token[]): { slot: Slot; sharedTokens: number } | undefined {
    const free = this.#slots.filter((slot) => !slot.busy);
    const first = free[0];
    if (first === undefined) return undefined;
    const slot = free.reduce(
      (best, next) => (commonPrefix(next.tokens, prompt) > commonPrefix(best.tokens, prompt) ? next : best),
      first,
    );
    slot.busy = true;
    return { slot, sharedTokens: Math.max(commonPrefix(slot.tokens, prompt), this.#hostShare(prompt)) };
  }

  /** Gives a slot back with what it now holds. */
  giveBack(slot: Slot, tokens: readonly Token[]): void {
    if (this.#useHost) {
      this.#host.push(tokens);
      if (this.#host.length > HOST_ENTRIES) this.#host.shift();
    }
    slot.tokens = tokens;
    slot.busy = false;
  }

  #hostShare(prompt: readonly Token[]): number {
    return this.#host.reduce((most, tokens) => Math.max(most, commonPrefix(tokens, prompt)), 0);
  }
}

/** Tokens that need no work: at least one is always computed again, to have something to sample from. */
export function reusableTokens(sharedTokens: number, promptTokens: number): number {
  return Math.min(sharedTokens, promptTokens - 1);
}
