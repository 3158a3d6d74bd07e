// What a server says while it pulls a model (/api/pull), read with suspicion, and handed on as it comes.
import { countOf } from "./engine-state.ts";

/** One part of a model, by the digest of its content. */
export interface PullPart {
  readonly digest: string;
  readonly totalBytes: number;
  readonly completedBytes: number;
}

/** One line of the answer; null for those about something else ("verifying sha256 digest"). */
export function pullPartOf(line: unknown): PullPart | null {
  const { digest, total, completed } = (line ?? {}) as Record<string, unknown>;
  const totalBytes = countOf(total);
  if (typeof digest !== "string" || digest === "" || totalBytes === null) return null;
  return { digest, totalBytes, completedBytes: Math.min(totalBytes, countOf(completed) ?? 0) };
}

/** Values that come in their own time, for one reader: only the newest of each that was not read yet is kept. */
export class Arrivals<Value extends { readonly digest: string }> {
  readonly #unread = new Map<string, Value>();
  #ended = false;
  #wake: () => void = () => undefined;

  add(value: Value): void {
    this.#unread.set(value.digest, value);
    this.#wake();
  }

  end(): void {
    this.#ended = true;
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Value> {
    for (;;) {
      for (const [digest, value] of this.#unread) {
        this.#unread.delete(digest);
        yield value;
      }
      if (this.#unread.size > 0) continue;
      if (this.#ended) return;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
