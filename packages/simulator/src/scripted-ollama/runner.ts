// One loaded model: its options, its allocation, its slots, and when it expires.
import type { Allocation } from "./memory.ts";
import { loadedBytes, vramBytes } from "./memory.ts";
import type { LoadOptions } from "./options.ts";
import type { Slot } from "./prompt-cache.ts";
import { PromptCache } from "./prompt-cache.ts";
import type { ScriptedModel } from "./scripted-model.ts";
import type { Token } from "./tokens.ts";

/** What a runner is made of. */
export interface RunnerSetup {
  readonly model: ScriptedModel;
  readonly asked: LoadOptions;
  readonly allocation: Allocation;
  readonly numParallel: number;
  readonly hostPromptCache: boolean;
  readonly keepAliveSeconds: number;
}

/** A runner as the scheduler keeps it. It does no waiting for loads; slots are handed out in the order of asking. */
export class Runner {
  readonly model: ScriptedModel;
  readonly asked: LoadOptions;
  allocation: Allocation;
  state: "loading" | "ready" | "unloading" | "gone" = "loading";
  /** Requests that use this runner, waiting for a slot or generating. */
  users = 0;
  keepAliveSeconds: number;
  expiresAtMs = 0;
  expiry: NodeJS.Timeout | undefined;
  /** Generations in progress; they slow each other down. */
  active = 0;
  /** Fulfilled when the runner is gone. */
  readonly gone: Promise<void>;
  readonly #numParallel: number;
  readonly #cache: PromptCache;
  readonly #waiting: (() => void)[] = [];
  #setGone: () => void = () => undefined;

  constructor(setup: RunnerSetup) {
    this.model = setup.model;
    this.asked = setup.asked;
    this.allocation = setup.allocation;
    this.keepAliveSeconds = setup.keepAliveSeconds;
    this.#numParallel = setup.numParallel;
    this.#cache = new PromptCache(setup.numParallel, setup.hostPromptCache);
    this.gone = new Promise((resolve) => {
      this.#setGone = resolve;
    });
  }

  /** Bytes of weights, KV cache and buffers. */
  get size(): number {
    return loadedBytes(this.model, this.allocation, this.#numParallel);
  }

  /** The part of `size` on the GPU. */
  get sizeVram(): number {
    return vramBytes(this.size, this.allocation.gpuShare);
  }

  /** Waits for a free slot and takes it; undefined when the client went away meanwhile. */
  async takeSlot(
    prompt: readonly Token[],
    gone: AbortSignal,
  ): Promise<{ slot: Slot; sharedTokens: number } | undefined> {
    for (;;) {
      if (gone.aborted) return undefined;
      const taken = this.#cache.take(prompt);
      if (taken !== undefined) {
        this.active += 1;
        return taken;
      }
      await this.#turn(gone);
    }
  }

  /** Gives a slot back; the next in line is woken. */
  giveSlotBack(slot: Slot, tokens: readonly Token[]): void {
    this.active -= 1;
    this.#cache.giveBack(slot, tokens);
    this.#waiting.shift()?.();
  }

  /** Marks the runner as gone and stops its expiry. */
  end(): void {
    this.state = "gone";
    clearTimeout(this.expiry);
    this.#setGone();
  }

  #turn(gone: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const leave = () => {
        const place = this.#waiting.indexOf(wake);
        if (place >= 0) this.#waiting.splice(place, 1);
        resolve();
      };
      const wake = () => {
        gone.removeEventListener("abort", leave);
        resolve();
      };
      gone.addEventListener("abort", leave, { once: true });
      this.#waiting.push(wake);
    });
  }
}
