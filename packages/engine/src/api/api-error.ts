// The one error that handlers throw on purpose, and the translation of everything else. Texts and statuses are Ollama's.
import { GgufError } from "../gguf/read.ts";
import { BlobTooLarge, DigestMismatch } from "../models/blob-store.ts";
import { OptionError } from "../options/parse-options.ts";
import { GenerationCancelled, GenerationRefused, LoadFailed, RunnerDied } from "../serving/runner-process.ts";
import { QueueFull, RequestCancelled } from "../serving/scheduler.ts";

/** An answer other than success: the HTTP status and the text of `error`. */
export class ApiError extends Error {
  override name = "ApiError";
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Where in a generation an error struck; it decides the words for a dead runner. */
export type Moment = "before-first-token" | "mid-stream";

/** Translates any error. Unknown ones become a 500 with their own message. */
export function toApiError(error: unknown, moment: Moment = "before-first-token"): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof RunnerDied) return new ApiError(500, deathNotice(error, moment));
  if (error instanceof GenerationRefused) {
    return error.reason === "input-too-long"
      ? new ApiError(400, error.message)
      : new ApiError(500, `Failed to create new sequence: ${error.message}`);
  }
  if (error instanceof RequestCancelled || error instanceof GenerationCancelled) {
    return new ApiError(499, "request canceled");
  }
  if (error instanceof QueueFull) return new ApiError(503, error.message);
  if (error instanceof DigestMismatch) return new ApiError(400, error.message);
  if (error instanceof BlobTooLarge) return new ApiError(413, error.message);
  if (error instanceof GgufError) return new ApiError(400, "supplied file was not in GGUF format");
  if (error instanceof LoadFailed || error instanceof OptionError) return new ApiError(500, error.message);
  return new ApiError(500, error instanceof Error ? error.message : String(error));
}

function deathNotice(error: RunnerDied, moment: Moment): string {
  return moment === "mid-stream"
    ? `an error was encountered while running the model: ${error.message}`
    : "model runner has unexpectedly stopped, this may be due to resource limitations or an internal error, check ollama server logs for details";
}
