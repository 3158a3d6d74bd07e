// gRPC's status, in our words.
import { certificateTrouble } from "@ozone/shared/certificate-trouble";
import { type ErrorCode, messageOf, OzoneError } from "@ozone/shared/errors";

// Numbers as gRPC defines them; importing the library for them would load it for every command.
const CODES: Readonly<Record<number, ErrorCode>> = {
  1: "cancelled",
  3: "invalid_input",
  4: "deadline_exceeded",
  5: "not_found",
  6: "already_exists",
  7: "permission_denied",
  8: "resource_exhausted",
  9: "invalid_input",
  11: "invalid_input",
  14: "unavailable",
  16: "unauthenticated",
};

const UNIMPLEMENTED = 12;

/** Whether a call failed because the coordinator, one of another version, does not know it. */
export const isUnknownCall = (thrown: unknown): boolean =>
  thrown instanceof OzoneError && (thrown.cause as { code?: unknown } | undefined)?.code === UNIMPLEMENTED;

/** Turns what a gRPC call threw into an OzoneError; the coordinator's own sentence stays as it is. */
export function fromGrpcError(thrown: unknown, address: string): OzoneError {
  if (thrown instanceof OzoneError) return thrown;
  const { code: status, details } = (thrown ?? {}) as { code?: unknown; details?: unknown };
  if (typeof status !== "number") return OzoneError.from(thrown);
  const said = typeof details === "string" && details !== "" ? details : messageOf(thrown);
  const code = CODES[status] ?? "internal";
  return new OzoneError(code, sentenceFor({ status, code, said, address }), { cause: thrown });
}

function sentenceFor(error: { status: number; code: ErrorCode; said: string; address: string }): string {
  const { status, code, said, address } = error;
  if (status === UNIMPLEMENTED) {
    return `The server at ${address} does not know this call; it is no Ozone coordinator, or one of another version.`;
  }
  if (code === "unavailable") {
    const certificate = certificateTrouble(said, address);
    if (certificate) return certificate;
    const why = connectionTrouble(said);
    if (why) return `No coordinator answers at ${address} (${why}); start it with \`ozone up\`.`;
    return said;
  }
  if (code === "deadline_exceeded") {
    return `The coordinator at ${address} did not answer in time; see its log, or try again.`;
  }
  return said;
}

/** grpc-js's own words for a connection that can't be made; anything else was said by the coordinator. */
function connectionTrouble(said: string): string | null {
  const system = /\b(ECONNREFUSED|ECONNRESET|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN|ETIMEDOUT)\b/.exec(
    said,
  )?.[1];
  if (system === "ECONNREFUSED") return "connection refused";
  if (system === "ENOTFOUND" || system === "EAI_AGAIN") return "the host is not known";
  if (system) return system;
  if (/^(No connection established|Name resolution failed|Connection dropped|read |write )/.test(said))
    return "no connection";
  return null;
}
