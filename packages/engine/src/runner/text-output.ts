// Turns generated tokens into text to send: holds back incomplete characters and possible beginnings of stop sequences.
// Pure; the rules are those of Ollama's runner, except that a token with empty text still gives a piece.

/** Text of tokens, given the tokens before them (some tokenisers write a space depending on what came before). */
export type Detokenize = (tokens: readonly number[], before: readonly number[]) => string;

/** What came of one more token. `text` is undefined while text is held back. */
export interface OutputStep {
  readonly text: string | undefined;
  readonly stopped: boolean;
}

/** Tokens that may be needed before one character is complete: four bytes, one token each. */
const charactersTokensMax = 4;
const contextTokens = 3;
const replacement = "\uFFFD";

/** The output side of one generation. */
export class TextOutput {
  #detokenize: Detokenize;
  #stops: readonly string[];
  #before: number[];
  #tokens: number[] = [];
  #held = "";
  #stopped = false;

  constructor(detokenize: Detokenize, promptEnd: readonly number[], stops: readonly string[]) {
    this.#detokenize = detokenize;
    this.#before = promptEnd.slice(-contextTokens);
    this.#stops = stops.filter((stop) => stop !== "");
  }

  /** Takes the next token. After `stopped` no more tokens may come. */
  push(token: number): OutputStep {
    this.#tokens.push(token);
    const piece = this.#detokenize(this.#tokens, this.#before);
    if (piece.endsWith(replacement) && this.#tokens.length < charactersTokensMax) {
      return { text: undefined, stopped: false };
    }
    this.#before = [...this.#before, ...this.#tokens].slice(-contextTokens);
    this.#tokens = [];
    return this.#stops.length === 0 ? { text: piece, stopped: false } : this.#watchForStops(piece);
  }

  /** What is still held back when the generation ends for another reason than a stop sequence; "" if nothing. */
  rest(): string {
    if (this.#stopped) return "";
    const incomplete = this.#tokens.length === 0 ? "" : this.#detokenize(this.#tokens, this.#before);
    const text = this.#held + incomplete.replaceAll(replacement, "");
    this.#held = "";
    this.#tokens = [];
    return text;
  }

  #watchForStops(piece: string): OutputStep {
    const text = this.#held + piece;
    const stopAt = firstStop(text, this.#stops);
    if (stopAt !== undefined) {
      this.#stopped = true;
      return { text: stopAt === 0 ? undefined : text.slice(0, stopAt), stopped: true };
    }
    if (mayBecomeStop(text, this.#stops)) {
      this.#held = text;
      return { text: undefined, stopped: false };
    }
    this.#held = "";
    return { text, stopped: false };
  }
}

/** Where the first stop sequence (in the order given) begins in the text. */
function firstStop(text: string, stops: readonly string[]): number | undefined {
  for (const stop of stops) {
    const at = text.indexOf(stop);
    if (at >= 0) return at;
  }
  return undefined;
}

function mayBecomeStop(text: string, stops: readonly string[]): boolean {
  return stops.some((stop) => {
    for (let length = 1; length <= stop.length; length += 1) {
      if (text.endsWith(stop.slice(0, length))) return true;
    }
    return false;
  });
}
