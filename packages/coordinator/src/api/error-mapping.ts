// Errors to gRPC statuses: the one converter at this border.
import { type Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { type ErrorCode, OzoneError } from "@ozone/shared/errors";

const STATUS: Readonly<Record<ErrorCode, status>> = {
  invalid_input: status.INVALID_ARGUMENT,
  not_found: status.NOT_FOUND,
  already_exists: status.ALREADY_EXISTS,
  unavailable: status.UNAVAILABLE,
  deadline_exceeded: status.DEADLINE_EXCEEDED,
  cancelled: status.CANCELLED,
  unauthenticated: status.UNAUTHENTICATED,
  permission_denied: status.PERMISSION_DENIED,
  resource_exhausted: status.RESOURCE_EXHAUSTED,
  internal: status.INTERNAL,
};

/** What grpc-js takes as an error. */
export type StatusError = Partial<ServiceError> & { code: status; details: string; metadata?: Metadata };

/** Any thrown value as a status with its sentence. */
export function toStatus(thrown: unknown): StatusError {
  const error = OzoneError.from(thrown);
  return { name: error.name, message: error.message, code: STATUS[error.code], details: error.message };
}
