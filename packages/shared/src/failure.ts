// Why a trial failed: a closed list. A failure is data; it is stored, counted and shapes the search.

/** Every class of failure, with what a person should do about it. Adding one is a change of the public contract. */
export const FAILURE_ADVICE = {
  out_of_memory_load: "The model did not fit when it was loaded; use a smaller num_ctx or a smaller model.",
  out_of_memory_run: "Memory ran out while generating; use a smaller num_ctx, num_batch or concurrency.",
  context_too_large: "The prompt did not fit the context; use a larger num_ctx or a smaller fill.",
  runner_crashed: "The process that runs the model ended unexpectedly; see the log of the Ollama server.",
  load_timeout: "Loading the model took too long; check the disk and the memory of the machine.",
  request_timeout:
    "No answer within the time limit; the server hangs or the context is too large for this machine.",
  server_busy: "The server refused the request because its queue is full; let others finish first.",
  model_missing:
    "The model is not installed on this machine; pull it, or choose one that `ollama list` shows.",
  server_unreachable: "No Ollama answers at the address; start it, or set OLLAMA_HOST.",
  protocol_error: "The server's answer could not be understood; check that the address is an Ollama.",
  option_refused: "The server refused an option; see the message.",
  prompt_not_exact:
    "No prompt of the exact length could be made for this model's tokenizer; please report the model.",
  on_battery:
    "The machine ran on battery, where it is slower; connect it to the mains, or allow it (--allow-battery, allow_battery in a sweep file).",
  lease_lost: "The machine did not report in time; the trial was given up after its last attempt.",
  cancelled: "The trial was cancelled.",
  internal: "Something failed inside the agent; see its log.",
} as const;

/** One of the closed list. */
export type FailureClass = keyof typeof FAILURE_ADVICE;

/** Whether a text is one of the closed list. */
export const isFailureClass = (text: string): text is FailureClass => Object.hasOwn(FAILURE_ADVICE, text);

/** A failed trial: the class and the sentence that was seen. */
export class TrialFailure extends Error {
  readonly failureClass: FailureClass;

  constructor(failureClass: FailureClass, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = "TrialFailure";
    this.failureClass = failureClass;
  }
}

/** Failures that another attempt on the same machine may not repeat. The others end the trial at once. */
export const WORTH_ANOTHER_ATTEMPT: ReadonlySet<FailureClass> = new Set<FailureClass>([
  "runner_crashed",
  "server_busy",
  "server_unreachable",
  "protocol_error",
  "lease_lost",
  "internal",
]);

const SAYS_NOTHING: ReadonlySet<string> = new Set(["cancelled", "on_battery"]);

/** What ended an attempt before its configuration was tried says nothing about it. */
export const saysNothing = (failureClass: string | null | undefined): boolean =>
  SAYS_NOTHING.has(failureClass ?? "");
