import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Generator } from "./generator.ts";
import type { GenerationFailure, GenerationRequest, GenerationResult } from "./messages.ts";
import type { NativeContext } from "./native.ts";

/** A stand-in for llama.cpp: each sequence's cells are a list, and the next token depends on all of them. */
class FakeContext implements NativeContext {
  readonly contextBytes = 0;
  readonly threads = 1;
  readonly batchSizes: number[] = [];
  #cells = new Map<number, number[]>();
  #logits: number[] = [];

  fill(parts: Parameters<NativeContext["fill"]>[0]): (number | undefined)[] {
    this.batchSizes.push(parts.reduce((sum, { tokens }) => sum + tokens.length, 0));
    this.#logits = [];
    return parts.map(({ sequence, position, tokens, wantsLogits }) => {
      const cells = this.#of(sequence);
      expect(position).toBe(cells.length);
      cells.push(...tokens);
      return wantsLogits ? this.#logits.push(nextToken(cells)) - 1 : undefined;
    });
  }

  decode(): Promise<void> {
    return Promise.resolve();
  }

  forget(sequence: number, start: number, end: number): boolean {
    this.#of(sequence).splice(start, end < 0 ? Number.POSITIVE_INFINITY : end - start);
    return true;
  }

  move(): void {
    // The list has closed the gap already.
  }

  sampler(): ReturnType<NativeContext["sampler"]> {
    return { sample: (index) => Promise.resolve(this.#logits[index] ?? -1), dispose: () => undefined };
  }

  #of(sequence: number): number[] {
    const cells = this.#cells.get(sequence) ?? [];
    this.#cells.set(sequence, cells);
    return cells;
  }
}

function nextToken(cells: readonly number[]): number {
  return 100 + (cells.reduce((sum, token, at) => (sum * 31 + token * (at + 1)) % 1009, 7) % 50);
}

interface Outcome {
  readonly texts: string[];
  result?: GenerationResult;
  failure?: GenerationFailure;
}

interface Bench {
  readonly native: FakeContext;
  readonly generator: Generator;
  readonly outcomes: Map<number, Outcome>;
  /** Resolves when all requests submitted so far have ended. */
  settled(count: number): Promise<void>;
}

function bench(shape: { parallel?: number; numBatch?: number; contextLimit?: number } = {}): Bench {
  const native = new FakeContext();
  const outcomes = new Map<number, Outcome>();
  let ended = 0;
  let notify: () => void = () => undefined;
  const outcomeOf = (id: number): Outcome => {
    const outcome = outcomes.get(id) ?? { texts: [] };
    outcomes.set(id, outcome);
    return outcome;
  };
  const end = (): void => {
    ended += 1;
    notify();
  };
  const generator = new Generator(
    {
      native,
      tokenize: (text) => text.split(" ").filter(Boolean).map(Number),
      detokenize: (tokens) => tokens.map((token) => ` ${token}`).join(""),
      isEndToken: (token) => token === 149,
      beginToken: undefined,
      parallel: shape.parallel ?? 1,
      numBatch: shape.numBatch ?? 8,
      contextLimit: shape.contextLimit ?? 1000,
    },
    {
      token: (id, text) => outcomeOf(id).texts.push(text),
      done: (id, result) => {
        outcomeOf(id).result = result;
        end();
      },
      failed: (id, failure) => {
        outcomeOf(id).failure = failure;
        end();
      },
      note: () => undefined,
    },
  );
  void generator.run();
  const settled = async (count: number): Promise<void> => {
    while (ended < count) {
      await new Promise<void>((resolve) => {
        notify = resolve;
      });
    }
  };
  return { native, generator, outcomes, settled };
}

const sampling = {
  seed: 1,
  temperature: 0,
  topK: 1,
  topP: 1,
  minP: 0,
  repeatLastN: 0,
  repeatPenalty: 1,
  presencePenalty: 0,
  frequencyPenalty: 0,
};

function request(tokens: readonly number[], changes: Partial<GenerationRequest> = {}): GenerationRequest {
  const prompt = tokens.join(" ");
  return { prompt, numKeep: 0, numPredict: 5, truncate: false, shift: false, stop: [], sampling, ...changes };
}

/** What the stand-in must say after this history. */
function expectedTexts(prompt: readonly number[], count: number): string[] {
  const cells = [...prompt];
  const texts: string[] = [];
  while (texts.length < count) {
    const token = nextToken(cells);
    if (token === 149) break;
    texts.push(` ${token}`);
    cells.push(token);
  }
  return texts;
}

const prompts = fc.array(fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 30 }), {
  minLength: 1,
  maxLength: 7,
});

describe("the generator", () => {
  it("gives every request its own text, whatever runs beside it and whatever the cache holds", async () => {
    const shapes = fc.record({
      parallel: fc.integer({ min: 1, max: 3 }),
      numBatch: fc.integer({ min: 3, max: 12 }),
    });
    await fc.assert(
      fc.asyncProperty(prompts, shapes, async (all, shape) => {
        const { generator, outcomes, settled, native } = bench(shape);
        for (const [id, prompt] of all.entries())
          generator.submit(id, request(prompt, { numPredict: 3 + id }));
        await settled(all.length);
        for (const [id, prompt] of all.entries()) {
          expect(outcomes.get(id)?.texts).toEqual(expectedTexts(prompt, 3 + id));
          expect(outcomes.get(id)?.result?.promptTokens).toBe(prompt.length);
        }
        expect(Math.max(...native.batchSizes)).toBeLessThanOrEqual(shape.numBatch);
      }),
    );
  });

  it("computes only what the cache does not hold, but at least one token", async () => {
    const { generator, outcomes, settled, native } = bench();
    generator.submit(1, request([1, 2, 3, 4], { numPredict: 1 }));
    await settled(1);
    native.batchSizes.length = 0;
    generator.submit(2, request([1, 2, 3, 4], { numPredict: 1 }));
    await settled(2);
    expect(native.batchSizes).toEqual([1]);
    expect(outcomes.get(2)?.result).toMatchObject({ promptTokens: 4, cachedTokens: 3 });
    generator.submit(3, request([1, 2, 9], { numPredict: 1 }));
    await settled(3);
    expect(outcomes.get(3)?.result).toMatchObject({ promptTokens: 3, cachedTokens: 2 });
  });

  it("gives a prompt the slot that shares most with it", async () => {
    const { generator, outcomes, settled } = bench({ parallel: 2 });
    generator.submit(1, request([1, 1, 1, 1]));
    generator.submit(2, request([2, 2, 2, 2]));
    await settled(2);
    generator.submit(3, request([2, 2, 2, 3]));
    await settled(3);
    expect(outcomes.get(3)?.result?.cachedTokens).toBe(3);
  });

  it("ends at a full context, or goes on with what a shift leaves", async () => {
    const prompt = [1, 2, 3, 4, 5, 6];
    const { generator, outcomes, settled } = bench({ contextLimit: 8 });
    generator.submit(1, request(prompt, { numPredict: 30 }));
    await settled(1);
    expect(outcomes.get(1)?.result).toMatchObject({ doneReason: "length", generatedTokens: 3 });
    generator.submit(2, request(prompt, { numPredict: 30, shift: true, numKeep: 2 }));
    await settled(2);
    expect(outcomes.get(2)?.texts.slice(0, 3)).toEqual(outcomes.get(1)?.texts);
    expect(outcomes.get(2)?.texts[3]).toBe(` ${textAfterShift(prompt)}`);
  });

  it("refuses prompts that are empty, or too long unless they may be cut", async () => {
    const { generator, outcomes, settled } = bench({ contextLimit: 4 });
    generator.submit(1, request([]));
    generator.submit(2, request([1, 2, 3, 4, 5]));
    generator.submit(3, request([1, 2, 3, 4, 5], { truncate: true, numPredict: 1 }));
    await settled(3);
    expect(outcomes.get(1)?.failure).toBe("empty-input");
    expect(outcomes.get(2)?.failure).toBe("input-too-long");
    expect(outcomes.get(3)).toMatchObject({
      texts: expectedTexts([2, 3, 4, 5], 1),
      result: { promptTokens: 4 },
    });
  });

  it("takes cancelled requests out of the queue and out of the running, and serves the next", async () => {
    const { generator, outcomes, settled } = bench();
    generator.submit(1, request([1, 2], { numPredict: 0 }));
    generator.submit(2, request([3, 4]));
    generator.submit(3, request([5, 6]));
    generator.cancel(2);
    generator.cancel(1);
    await settled(3);
    expect([1, 2, 3].map((id) => outcomes.get(id)?.failure)).toEqual(["cancelled", "cancelled", undefined]);
    expect(outcomes.get(3)?.texts).toEqual(expectedTexts([5, 6], 5));
  });

  it("counts one step less than tokens: a single token took no generation time", async () => {
    const { generator, outcomes, settled } = bench();
    generator.submit(1, request([1, 2, 3], { numPredict: 1 }));
    await settled(1);
    expect(outcomes.get(1)?.result).toMatchObject({ generatedTokens: 1, generationNs: 0 });
    expect(outcomes.get(1)?.result?.promptNs).toBeGreaterThan(0);
  });
});

/** The fourth token of a shifting run: cells 2 and 3 after the two kept ones are gone when the third token comes in. */
function textAfterShift(prompt: readonly number[]): number {
  const cells = [...prompt];
  for (let step = 0; step < 2; step += 1) cells.push(nextToken(cells));
  const third = nextToken(cells);
  // Half of what is not kept, (8 - 2) / 2 = 3 cells, goes.
  cells.splice(2, 3);
  return nextToken([...cells, third]);
}
