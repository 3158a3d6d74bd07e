// One generation while it runs: what is left to compute, what came out, and when. No I/O; the clock readings are
// handed in by the loop that makes the calls.
import type { GenerationRequest, GenerationResult } from "./messages.ts";
import type { Sampler } from "./native.ts";
import type { TextOutput } from "./text-output.ts";

/** The cache cells of one sequence of the context and the tokens that they hold. */
export interface Slot {
  readonly sequence: number;
  cached: number[];
  busy: boolean;
}

/** How a generation ended. */
export type SequenceEnd = GenerationResult["doneReason"] | "cancelled";

/** A prompt that has been tokenised and cut to fit. */
export interface PreparedPrompt {
  readonly tokens: readonly number[];
  /** Leading tokens that a shift of the context keeps. */
  readonly keep: number;
}

/** A running generation. */
export class Sequence {
  readonly id: number;
  readonly slot: Slot;
  readonly keep: number;
  readonly shift: boolean;
  readonly sampler: Sampler;
  readonly output: TextOutput;
  cancelled = false;
  /** Tokens not yet computed: the rest of the prompt, later the last generated token. */
  #ready: readonly number[];
  #promptTokens: number;
  #cachedTokens: number;
  #numPredict: number;
  #generatedTokens = 0;
  #startedNs: bigint | undefined;
  #firstLogitsNs: bigint | undefined;
  #lastLogitsNs: bigint | undefined;

  constructor(parts: {
    readonly id: number;
    readonly slot: Slot;
    readonly prompt: PreparedPrompt;
    readonly request: GenerationRequest;
    readonly sampler: Sampler;
    readonly output: TextOutput;
  }) {
    this.id = parts.id;
    this.slot = parts.slot;
    this.keep = parts.prompt.keep;
    this.shift = parts.request.shift;
    this.sampler = parts.sampler;
    this.output = parts.output;
    this.#cachedTokens = parts.slot.cached.length;
    this.#promptTokens = parts.prompt.tokens.length;
    this.#ready = parts.prompt.tokens.slice(this.#cachedTokens);
    this.#numPredict = parts.request.numPredict;
  }

  get readyTokens(): number {
    return this.#ready.length;
  }

  /** The next tokens to put into a batch that starts being made at `nowNs`. They count as cached once `computed`. */
  take(count: number, nowNs: bigint): readonly number[] {
    this.#startedNs ??= nowNs;
    return this.#ready.slice(0, count);
  }

  /** The batch with the tokens last taken was computed. */
  computed(count: number): void {
    for (const token of this.#ready.slice(0, count)) this.slot.cached.push(token);
    this.#ready = this.#ready.slice(count);
  }

  /** Logits of the last ready token were there at `nowNs`. */
  logitsReady(nowNs: bigint): void {
    this.#firstLogitsNs ??= nowNs;
    this.#lastLogitsNs = nowNs;
    this.#generatedTokens += 1;
  }

  /** The token to go on with. */
  continueWith(token: number): void {
    this.#ready = [token];
  }

  get reachedLimit(): boolean {
    return this.#numPredict > 0 && this.#generatedTokens >= this.#numPredict;
  }

  /** What to report once it ended. */
  result(doneReason: GenerationResult["doneReason"]): GenerationResult {
    return {
      doneReason,
      promptTokens: this.#promptTokens,
      cachedTokens: this.#cachedTokens,
      promptNs: between(this.#startedNs, this.#firstLogitsNs),
      generatedTokens: this.#generatedTokens,
      generationNs: between(this.#firstLogitsNs, this.#lastLogitsNs),
    };
  }
}

function between(fromNs: bigint | undefined, toNs: bigint | undefined): number {
  return fromNs === undefined || toNs === undefined ? 0 : Number(toNs - fromNs);
}
