// The loop that computes: fills batches from the running generations, has llama.cpp decode them, samples, hands out.
// No timer anywhere. Clock readings stand directly around the native calls. Tokens are handed out as soon as the next
// batch is under way (some microseconds after they were chosen), so that text handling does not delay computing.
import { cutPrompt, keptTokens, reusableTokens, shiftDiscard } from "./context-window.ts";
import type { GenerationFailure, GenerationRequest, GenerationResult } from "./messages.ts";
import type { BatchPart, NativeContext } from "./native.ts";
import { planBatch } from "./plan-batch.ts";
import { type PreparedPrompt, Sequence, type SequenceEnd, type Slot } from "./sequence.ts";
import { type Detokenize, TextOutput } from "./text-output.ts";

/** The loaded model as the loop needs it. */
export interface GeneratorModel {
  readonly native: NativeContext;
  /** Tokens of a text, the begin-of-text token included where the model wants one. */
  readonly tokenize: (text: string) => readonly number[];
  readonly detokenize: Detokenize;
  readonly isEndToken: (token: number) => boolean;
  readonly beginToken: number | undefined;
  readonly parallel: number;
  /** Tokens per batch. */
  readonly numBatch: number;
  /** The longest prompt plus text of a sequence. */
  readonly contextLimit: number;
}

/** Where the outcome goes. */
export interface GeneratorEvents {
  token(id: number, text: string): void;
  done(id: number, result: GenerationResult): void;
  failed(id: number, failure: GenerationFailure, message: string): void;
  note(message: string, fields: Readonly<Record<string, unknown>>): void;
}

interface Queued {
  readonly id: number;
  readonly request: GenerationRequest;
  readonly prompt: PreparedPrompt;
}

interface FilledPart extends BatchPart {
  readonly owner: Sequence;
}

/** Runs the generations of one loaded model. Errors of llama.cpp reject `run`; nothing can go on after one. */
export class Generator {
  #model: GeneratorModel;
  #events: GeneratorEvents;
  #slots: Slot[];
  #running: Sequence[] = [];
  #queue: Queued[] = [];
  #outbox: (() => void)[] = [];
  #wake: (() => void) | undefined;

  constructor(model: GeneratorModel, events: GeneratorEvents) {
    this.#model = model;
    this.#events = events;
    this.#slots = Array.from({ length: model.parallel }, (_, sequence) => ({
      sequence,
      cached: [],
      busy: false,
    }));
  }

  /** Accepts a generation; it starts when a sequence is free, in order of arrival. */
  submit(id: number, request: GenerationRequest): void {
    const prompt = this.#prepare(id, request);
    if (prompt === undefined) return;
    this.#queue.push({ id, request, prompt });
    this.#wake?.();
  }

  /** Ends a generation before its next batch, or takes it out of the queue. Unknown ids have ended already. */
  cancel(id: number): void {
    const waiting = this.#queue.findIndex((queued) => queued.id === id);
    if (waiting >= 0) {
      this.#queue.splice(waiting, 1);
      this.#events.failed(id, "cancelled", "the request was cancelled");
    }
    for (const sequence of this.#running) if (sequence.id === id) sequence.cancelled = true;
  }

  /** Computes for ever. Rejects when llama.cpp fails. */
  async run(): Promise<never> {
    for (;;) {
      this.#admit();
      this.#makeRoom();
      if (this.#running.length > 0) await this.#step();
      else if (this.#queue.length === 0) await this.#idle();
    }
  }

  async #idle(): Promise<void> {
    this.#handOut();
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
    this.#wake = undefined;
  }

  #prepare(id: number, request: GenerationRequest): PreparedPrompt | undefined {
    const { tokenize, beginToken, contextLimit: limit } = this.#model;
    const tokens = tokenize(request.prompt);
    if (tokens.length === 0) {
      this.#events.failed(id, "empty-input", "no input provided");
      return undefined;
    }
    const startsWithBos = tokens[0] === beginToken;
    const keep = keptTokens(request.numKeep, { length: tokens.length, startsWithBos }, limit);
    if (tokens.length > limit) {
      if (!request.truncate) {
        this.#events.failed(id, "input-too-long", "the input length exceeds the context length");
        return undefined;
      }
      this.#events.note("truncating input prompt", { limit, prompt: tokens.length, keep, new: limit });
    }
    return { tokens: cutPrompt(tokens, keep, limit), keep };
  }

  /** Gives free slots to waiting generations: each gets the slot that shares the longest beginning with its prompt. */
  #admit(): void {
    for (;;) {
      const free = this.#slots.filter((slot) => !slot.busy);
      const next = free.length === 0 ? undefined : this.#queue.shift();
      if (next === undefined) return;
      const reuse = (slot: Slot): number => reusableTokens(slot.cached, next.prompt.tokens);
      const slot = free.reduce((best, candidate) => (reuse(candidate) > reuse(best) ? candidate : best));
      this.#occupy(slot, reuse(slot));
      this.#running.push(this.#start(next, slot));
    }
  }

  #occupy(slot: Slot, reused: number): void {
    slot.busy = true;
    const forgotten = this.#model.native.forget(slot.sequence, reused, -1);
    if (!forgotten) this.#model.native.forget(slot.sequence, 0, -1);
    slot.cached.length = forgotten ? reused : 0;
  }

  #start({ id, request, prompt }: Queued, slot: Slot): Sequence {
    const { native, detokenize } = this.#model;
    return new Sequence({
      id,
      slot,
      prompt,
      request,
      sampler: native.sampler(request.sampling, prompt.tokens),
      output: new TextOutput(detokenize, prompt.tokens, request.stop),
    });
  }

  /** Ends cancelled generations, and ends or shifts those whose context is full. */
  #makeRoom(): void {
    for (const sequence of [...this.#running]) {
      if (sequence.cancelled) this.#end(sequence, "cancelled");
      else if (sequence.slot.cached.length + 1 > this.#model.contextLimit) this.#shiftOrEnd(sequence);
    }
  }

  #shiftOrEnd(sequence: Sequence): void {
    if (!sequence.shift) {
      this.#end(sequence, "length");
      return;
    }
    const { slot, keep } = sequence;
    const length = slot.cached.length;
    const discard = shiftDiscard(length, keep, this.#model.contextLimit);
    if (!this.#model.native.forget(slot.sequence, keep, keep + discard)) {
      throw new Error("llama.cpp refused to discard the oldest part of a full context.");
    }
    this.#model.native.move(slot.sequence, { start: keep + discard, end: length }, -discard);
    slot.cached.splice(keep, discard);
    this.#events.note("context limit hit - shifting", { limit: this.#model.contextLimit, keep, discard });
  }

  async #step(): Promise<void> {
    const { native } = this.#model;
    const parts = this.#nextParts();
    const logitIndexes = native.fill(parts);
    const decoding = native.decode();
    this.#handOut();
    await decoding;
    const nowNs = process.hrtime.bigint();
    for (const { owner, tokens, wantsLogits } of parts) {
      owner.computed(tokens.length);
      if (wantsLogits) owner.logitsReady(nowNs);
    }
    for (const [position, { owner }] of parts.entries()) {
      const logitIndex = logitIndexes[position];
      if (logitIndex !== undefined) this.#accept(owner, await owner.sampler.sample(logitIndex));
    }
  }

  #nextParts(): FilledPart[] {
    const waiting = this.#running.map(({ readyTokens }, index) => ({ index, readyTokens }));
    const nowNs = process.hrtime.bigint();
    return planBatch(waiting, this.#model.numBatch).flatMap(({ index, tokens: count }) => {
      const owner = this.#running[index];
      if (owner === undefined) return [];
      const { sequence, cached } = owner.slot;
      const wantsLogits = count === owner.readyTokens;
      return [{ owner, sequence, position: cached.length, tokens: owner.take(count, nowNs), wantsLogits }];
    });
  }

  #accept(sequence: Sequence, token: number): void {
    if (this.#model.isEndToken(token)) {
      this.#end(sequence, "stop");
      return;
    }
    const { text, stopped } = sequence.output.push(token);
    if (text !== undefined) this.#outbox.push(() => this.#events.token(sequence.id, text));
    if (stopped) this.#end(sequence, "stop");
    else if (sequence.reachedLimit) this.#end(sequence, "length");
    else sequence.continueWith(token);
  }

  #end(sequence: Sequence, end: SequenceEnd): void {
    const { id } = sequence;
    this.#running.splice(this.#running.indexOf(sequence), 1);
    sequence.slot.busy = false;
    sequence.sampler.dispose();
    const rest = sequence.output.rest();
    this.#outbox.push(() => {
      if (end === "cancelled") {
        this.#events.failed(id, "cancelled", "the request was cancelled");
        return;
      }
      if (rest !== "") this.#events.token(id, rest);
      this.#events.done(id, sequence.result(end));
    });
  }

  #handOut(): void {
    for (const send of this.#outbox) send();
    this.#outbox.length = 0;
  }
}
