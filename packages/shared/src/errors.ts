// One error class with a closed list of codes, and one converter. Failures of trials are data, not errors: failure.ts.

/** What kind of trouble, in the words of gRPC where it has one. */
export type ErrorCode =
  | "invalid_input"
  | "not_found"
  | "already_exists"
  | "unavailable"
  | "deadline_exceeded"
  | "cancelled"
  | "unauthenticated"
  | "permission_denied"
  | "resource_exhausted"
  | "internal";

/** An error whose message is one sentence for a person: what, where, what to do. */
export class OzoneError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = "OzoneError";
    this.code = code;
  }

  /** Turns anything that was thrown into an OzoneError, keeping the cause. */
  static from(thrown: unknown, code: ErrorCode = "internal"): OzoneError {
    if (thrown instanceof OzoneError) return thrown;
    return new OzoneError(code, messageOf(thrown), { cause: thrown });
  }
}

/** The text of anything that was thrown, on one line. */
export function messageOf(thrown: unknown): string {
  const text = thrown instanceof Error ? thrown.message || thrown.name : String(thrown);
  return text.replace(/\s+/g, " ").trim();
}

/** The system error code (ENOSPC, EADDRINUSE, ECONNREFUSED, ...) of a thrown value or of what caused it, or null. */
export function systemCodeOf(thrown: unknown): string | null {
  let current: unknown = thrown;
  for (let depth = 0; depth < 5 && current instanceof Error; depth += 1) {
    const { code, errors } = current as { code?: unknown; errors?: unknown };
    if (typeof code === "string" && /^E[A-Z]+$/.test(code)) return code;
    current = Array.isArray(errors) && errors.length > 0 ? errors[0] : current.cause;
  }
  return null;
}
