// Steps of the story: each prints one line, and says what does not hold. A story whose step can't be carried out ends there.
import { messageOf } from "@ozone/shared/errors";

/** What a step found: sentences about what does not hold, and words to print beside it. */
export interface Found {
  readonly broken: readonly string[];
  readonly words?: string;
}

/** Counts steps. */
export class Steps {
  held = 0;
  said = 0;
  readonly #began = performance.now();

  /** Carries one step out. @throws what it throws, after its line */
  async take(title: string, work: () => Promise<Found>): Promise<void> {
    this.said += 1;
    try {
      const { broken, words } = await work();
      this.#print(broken.length === 0 ? "held  " : "BROKEN", words ? `${title} (${words})` : title);
      if (broken.length === 0) this.held += 1;
      for (const sentence of broken) process.stdout.write(`        ${sentence}\n`);
    } catch (thrown) {
      this.#print("BROKEN", title);
      process.stdout.write(`        ${messageOf(thrown)}\n`);
      throw thrown;
    }
  }

  #print(word: string, text: string): void {
    const seconds = ((performance.now() - this.#began) / 1_000).toFixed(0).padStart(4);
    process.stdout.write(`${seconds} s  ${word}  ${text}\n`);
  }
}

/** A step that held, as far as it could be carried out at all. */
export const held = (words?: string): Found => ({ broken: [], ...(words ? { words } : {}) });
