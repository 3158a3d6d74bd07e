// Whether somebody else asked the local Ollama for something, from what it has loaded: each request loads its model or
// prolongs the time for which it is kept. Pure, but for what it remembers.
import { type LoadedModel, sameModel } from "../ollama/engine-state.ts";

/** Times of one keep-alive differ by less than this from look to look. */
const PROLONGED_MS = 1_000;

/** A model that is kept longer than this was not asked for just now: it is kept for good. */
const FOR_EVER_MS = 86_400_000;

const isProlonged = (before: LoadedModel, now: LoadedModel): boolean =>
  before.expiresAtMs !== null &&
  now.expiresAtMs !== null &&
  now.expiresAtMs - before.expiresAtMs > PROLONGED_MS;

/** Remembers what was loaded. */
export class ModelRequests {
  #before: readonly LoadedModel[] | null = null;
  #isFirst = true;
  /** The model of the trial in hand, and what was unloaded while it ran: it may come back by us. */
  #ours: string[] = [];
  #inTrial = false;
  #all = false;

  /**
   * From here on, what happens to this model is ours, and so is what comes back after it had to go.
   * @param model null: whatever happens is ours (a preset is being applied)
   */
  trialBegins(model: string | null): void {
    this.#inTrial = true;
    this.#all = model === null;
    this.#ours = model === null ? [] : [model];
  }

  /** What is loaded then is how the trial left it. */
  trialEnds(): void {
    this.#inTrial = false;
    this.#all = false;
    this.#ours = [];
    this.#before = null;
  }

  /**
   * Notes what is loaded.
   * @param nowMs epoch milliseconds, to tell a model that is kept for good
   * @returns whether somebody else asked for something since the last look
   */
  see(loaded: readonly LoadedModel[], nowMs: number): boolean {
    const before = this.#before;
    this.#before = loaded;
    // A model that will go by itself was asked for a short time before the first look.
    if (this.#isFirst) return this.#firstLook(loaded, nowMs);
    if (before === null || this.#all) return false;
    if (this.#inTrial) {
      const gone = before.filter(({ name }) => !loaded.some((one) => sameModel(one.name, name)));
      this.#ours.push(...gone.map(({ name }) => name));
    }
    return loaded.some((now) => {
      if (this.#ours.some((name) => sameModel(name, now.name))) return false;
      const earlier = before.find(({ name }) => sameModel(name, now.name));
      return earlier === undefined || isProlonged(earlier, now);
    });
  }

  #firstLook(loaded: readonly LoadedModel[], nowMs: number): boolean {
    this.#isFirst = false;
    return loaded.some(({ expiresAtMs }) => expiresAtMs !== null && expiresAtMs - nowMs < FOR_EVER_MS);
  }
}
