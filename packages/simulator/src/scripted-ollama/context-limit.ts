// What happens to a prompt that is longer than the context, per release, and how far a generation may run.
import { RequestError } from "./request-error.ts";
import type { Token } from "./tokens.ts";
import type { Behaviours } from "./versions.ts";

/** A prompt on its way into a context. */
export interface PromptFit {
  readonly tokens: readonly Token[];
  readonly numCtx: number;
  readonly numKeep: number;
  readonly truncate: boolean;
  readonly shift: boolean;
}

/**
 * The tokens that really go in: all of them, or what is left after silent truncation.
 * @throws RequestError 400 with the text of the release when the prompt is refused.
 */
export function fitPrompt(fit: PromptFit, behaviours: Behaviours): readonly Token[] {
  const limit = behaviours.truncation === "num_ctx" ? fit.numCtx : fit.numCtx - 1;
  if (fit.tokens.length <= limit) return fit.tokens;
  if (behaviours.knowsTruncate && !fit.truncate) throw tooLong(fit, behaviours);
  if (behaviours.refusesTruncateWithoutShift && !fit.shift) {
    throw new RequestError(
      400,
      "the prompt is longer than the context length currently available to the model; shorten the prompt, adjust the context " +
        "length in settings, or use a model with a longer context length",
    );
  }
  return cutTo(fit, behaviours.truncation === "half" ? halfOf(fit) : limit);
}

/** Keeps the first `numKeep` tokens and the end of the prompt, `length` in all. */
export function cutTo(fit: Pick<PromptFit, "tokens" | "numKeep">, length: number): readonly Token[] {
  if (fit.tokens.length <= length) return fit.tokens;
  const keep = fit.numKeep < 0 ? length : Math.min(fit.numKeep, length);
  const tail = length - keep;
  return [...fit.tokens.slice(0, keep), ...(tail > 0 ? fit.tokens.slice(-tail) : [])];
}

/** What newer releases leave of a too long prompt: half of what is not kept makes room. */
export function halfOf({ numCtx, numKeep }: Pick<PromptFit, "numCtx" | "numKeep">): number {
  const keep = Math.max(0, Math.min(numKeep + 1, numCtx - 1));
  return numCtx - Math.max(Math.floor((numCtx - keep) / 2), 1);
}

/** How many tokens can follow a prompt without shifting: generation then ends with done_reason "length". */
export function roomFor(promptTokens: number, numCtx: number, behaviours: Behaviours): number {
  return Math.max(1, numCtx - promptTokens + (behaviours.engine === "llama runner" ? 1 : 0));
}

function tooLong(fit: PromptFit, behaviours: Behaviours): RequestError {
  if (behaviours.engine === "llama runner") {
    return new RequestError(400, "the input length exceeds the context length");
  }
  const count = fit.tokens.length;
  const relayed = {
    error: {
      code: 400,
      message: `request (${count} tokens) exceeds the available context size (${fit.numCtx} tokens), try increasing it`,
      type: "exceed_context_size_error",
      n_prompt_tokens: count,
      n_ctx: fit.numCtx,
    },
  };
  return new RequestError(400, JSON.stringify(relayed));
}
