// Turns whatever a request threw into a TrialFailure whose sentence says what happened and what to do.
import { messageOf, systemCodeOf } from "@ozone/shared/errors";
import { FAILURE_ADVICE, type FailureClass, TrialFailure } from "@ozone/shared/failure";
import { formatDuration } from "@ozone/shared/units";
import { AnswerTooLong } from "./bounded-fetch.ts";
import { classifyFailure, type FailedRequest } from "./classify-failure.ts";
import { LineTooLong } from "./line-splitter.ts";

/** What was being done when a request failed. */
export interface RequestCircumstances {
  readonly phase: "load" | "run";
  readonly url: string;
  readonly limitMs: number;
  readonly ended: "cancelled" | "deadline" | undefined;
}

/** The failure that a thrown value is; a TrialFailure stays what it is. */
export function failureOfRequest(thrown: unknown, circumstances: RequestCircumstances): TrialFailure {
  if (thrown instanceof TrialFailure) return thrown;
  const request = requestOf(thrown, circumstances);
  const failureClass = bodyProblem(thrown) ? "protocol_error" : classifyFailure(request);
  return new TrialFailure(failureClass, sentenceOf(failureClass, request, circumstances), { cause: thrown });
}

function requestOf(thrown: unknown, { phase, ended }: RequestCircumstances): FailedRequest {
  const status = (thrown as { status_code?: unknown } | null)?.status_code;
  const code = systemCodeOf(thrown) ?? parserCodeOf(thrown);
  return {
    phase,
    text: messageOf(deepest(thrown)),
    ...(typeof status === "number" ? { status } : {}),
    ...(code === null ? {} : { code }),
    ...(ended === undefined ? {} : { ended }),
  };
}

function deepest(thrown: unknown): unknown {
  const cause = thrown instanceof Error ? thrown.cause : undefined;
  return cause instanceof Error && (thrown as Error).message === "fetch failed" ? cause : thrown;
}

const bodyProblem = (thrown: unknown): boolean =>
  [thrown, (thrown as { cause?: unknown } | null)?.cause].some(
    (one) => one instanceof LineTooLong || one instanceof AnswerTooLong || one instanceof SyntaxError,
  );

/** Node's HTTP parser has codes of its own. */
function parserCodeOf(thrown: unknown): string | null {
  let current: unknown = thrown;
  for (let depth = 0; depth < 5 && current instanceof Error; depth += 1) {
    const { code } = current as { code?: unknown };
    if (typeof code === "string" && code.startsWith("HPE_")) return code;
    current = current.cause;
  }
  return null;
}

function sentenceOf(failureClass: FailureClass, request: FailedRequest, at: RequestCircumstances): string {
  const advice = FAILURE_ADVICE[failureClass];
  if (failureClass === "cancelled") return advice;
  if (request.ended === "deadline") {
    return `${at.phase === "load" ? "Loading" : "The request"} was given up after ${formatDuration(at.limitMs)}. ${advice}`;
  }
  const status = request.status === undefined ? "" : ` (HTTP ${request.status})`;
  const said =
    request.code === undefined ? `The server at ${at.url} said` : `The connection to ${at.url} failed`;
  return `${said}${status}: ${request.text.slice(0, 500).replace(/\.+$/, "")}. ${advice}`;
}
