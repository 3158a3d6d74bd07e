// Which class of failure an error is, across Ollama versions, from status, text and what we were doing
// (reference: Ollama's server/routes.go, llm/status.go and llm/server.go from 0.12 to 0.33).
import type { FailureClass } from "@ozone/shared/failure";

/** What is known about a request that went wrong. */
export interface FailedRequest {
  /** Loading the model, or using a loaded one. */
  readonly phase: "load" | "run";
  /** HTTP status; absent for errors inside a stream and for network errors. */
  readonly status?: number;
  /** The server's words, or the network error's. */
  readonly text: string;
  /** ECONNREFUSED, UND_ERR_SOCKET, ... */
  readonly code?: string;
  /** Why we ended the request ourselves, if we did. */
  readonly ended?: "cancelled" | "deadline";
}

const OUT_OF_MEMORY =
  /out[- ]of[- ](device )?memory|cudaMalloc failed|hipMalloc failed|failed to allocate|allocation failed|not enough memory|insufficient ?memory|erroroutofmemory|requires more system memory|signal: killed|cannot allocate memory|too large for the available (v?ram|memory)/i;

const CONTEXT_TOO_LARGE =
  /exceeds? the (available )?context|exceed_context_size|longer than the context|input length exceeds|context (size|length) exceeded/i;

const LAYOUT_REFUSED = /memory layout cannot be allocated|unable to load full model on GPU/i;

const RUNNER_GONE =
  /(llama runner|llama-server|runner) process (has terminated|no longer running)|model runner has unexpectedly stopped|error was encountered while running the model|error starting llama-server|failed to load model|unable to load model|token repeat limit/i;

const LOAD_TIMED_OUT = /timed out waiting for (llama runner|llama-server|the runner)/i;

/** Node's words for a connection that ended within an answer. */
const CUT_OFF = /invalid EOF state|^socket hang up$|^aborted$|^terminated$/i;

const UNREACHABLE_CODES = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EAI_AGAIN",
  "ETIMEDOUT",
  "EPIPE",
]);

const DROPPED_CODES = new Set(["ECONNRESET", "HPE_INVALID_EOF_STATE"]);

/** The class of a failed request. What nothing matches is a protocol error: the answer was not understood. */
export function classifyFailure(request: FailedRequest): FailureClass {
  if (request.ended === "cancelled") return "cancelled";
  if (request.ended === "deadline") return request.phase === "load" ? "load_timeout" : "request_timeout";
  return (
    classOfText(request) ?? classOfStatus(request.status) ?? classOfCode(request.code) ?? "protocol_error"
  );
}

function classOfText({ text, phase, status }: FailedRequest): FailureClass | null {
  if (status === 404 && /model .*not found/i.test(text)) return "model_missing";
  if (OUT_OF_MEMORY.test(text)) return phase === "load" ? "out_of_memory_load" : "out_of_memory_run";
  if (CONTEXT_TOO_LARGE.test(text)) return "context_too_large";
  if (LAYOUT_REFUSED.test(text)) return "out_of_memory_load";
  if (/V cache (quantization )?requires|requires Flash[ _]Attention/i.test(text)) return "option_refused";
  if (/option "[^"]*" must be|invalid option/i.test(text)) return "option_refused";
  if (LOAD_TIMED_OUT.test(text)) return "load_timeout";
  if (RUNNER_GONE.test(text)) return "runner_crashed";
  if (/server busy|maximum pending requests/i.test(text)) return "server_busy";
  if (/^model ['"].*not found/i.test(text)) return "model_missing";
  if (status === undefined && CUT_OFF.test(text)) return "runner_crashed";
  return null;
}

function classOfStatus(status: number | undefined): FailureClass | null {
  if (status === undefined) return null;
  if (status === 503 || status === 429) return "server_busy";
  if (status === 504 || status === 408) return "request_timeout";
  if (status === 400) return "option_refused";
  return status >= 500 ? "runner_crashed" : "protocol_error";
}

function classOfCode(code: string | undefined): FailureClass | null {
  if (code === undefined) return null;
  if (UNREACHABLE_CODES.has(code)) return "server_unreachable";
  return DROPPED_CODES.has(code) ? "runner_crashed" : null;
}
