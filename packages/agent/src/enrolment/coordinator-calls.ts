// The three calls of an enrolment, over gRPC: TLS beyond loopback. All else between agent and coordinator goes over the bus.
import { isIP } from "node:net";
import { checkServerIdentity } from "node:tls";
import { create, type DescMethodUnary, type MessageInitShape, type MessageShape } from "@bufbuild/protobuf";
import {
  type ChannelCredentials,
  Client,
  credentials,
  Metadata,
  type ServiceError,
  status,
} from "@grpc/grpc-js";
import { EnrolmentService } from "@ozone/proto/enrolment_service";
import { certificateTrouble } from "@ozone/shared/certificate-trouble";
import { type ErrorCode, OzoneError } from "@ozone/shared/errors";
import { grpcDefinition } from "@ozone/shared/grpc-definition";
import { hostOf, isLoopback } from "@ozone/shared/host-address";
import type { Trust } from "./coordinator-trust.ts";

const CALL_MS = 15_000;

const CODES: Partial<Record<status, ErrorCode>> = {
  [status.INVALID_ARGUMENT]: "invalid_input",
  [status.NOT_FOUND]: "not_found",
  [status.RESOURCE_EXHAUSTED]: "resource_exhausted",
};

/** A coordinator to enrol with. */
export interface EnrolmentCalls {
  call<Method extends DescMethodUnary>(
    method: Method,
    request: MessageInitShape<Method["input"]>,
  ): Promise<MessageShape<Method["output"]>>;
  close(): void;
}

function explain(error: ServiceError, address: string): OzoneError {
  const code = CODES[error.code];
  if (code) return new OzoneError(code, error.details, { cause: error });
  const trouble = certificateTrouble(error.details, address);
  if (trouble) return new OzoneError("unavailable", trouble, { cause: error });
  const why = /\bE[A-Z]{4,}\b/.exec(error.details)?.[0] ?? status[error.code] ?? "no answer";
  return new OzoneError(
    "unavailable",
    `No coordinator that enrols machines answers at ${address} (${why}); check the address, or start it.`,
    { cause: error },
  );
}

/** TLS refuses an address as a server's name (RFC 6066), so this stands in for it; the address itself is checked. */
const NAME_FOR_ADDRESSES = "ozone-coordinator.invalid";

function secureCredentials(address: string, { ca }: Trust): ChannelCredentials {
  const host = hostOf(address);
  return credentials.createSsl(ca === null ? null : Buffer.from(ca), null, null, {
    checkServerIdentity: (_name, certificate) => checkServerIdentity(host, certificate),
  });
}

/**
 * Opens the way; the connection is made by the first call.
 * @param address host:port
 * @param trust null: without TLS
 * @throws OzoneError invalid_input for another machine's without TLS: the token would travel in clear
 */
export function connectForEnrolment(address: string, trust: Trust | null): EnrolmentCalls {
  if (trust === null && !isLoopback(address)) {
    throw new OzoneError(
      "invalid_input",
      `${address} is not on this machine, and is not asked without TLS: the token would travel in clear.`,
    );
  }
  const client = new Client(
    address,
    trust ? secureCredentials(address, trust) : credentials.createInsecure(),
    {
      "grpc.enable_http_proxy": 0,
      ...(trust && isIP(hostOf(address)) > 0 ? { "grpc.ssl_target_name_override": NAME_FOR_ADDRESSES } : {}),
    },
  );
  const definition = grpcDefinition(EnrolmentService);
  return {
    call: <Method extends DescMethodUnary>(method: Method, request: MessageInitShape<Method["input"]>) => {
      const wire = definition[method.localName];
      if (!wire) throw new Error(`EnrolmentService has no method ${method.localName}`);
      const serialize = wire.requestSerialize as (message: MessageShape<Method["input"]>) => Buffer;
      const deserialize = wire.responseDeserialize as (data: Buffer) => MessageShape<Method["output"]>;
      const message = create<Method["input"]>(method.input, request);
      return new Promise<MessageShape<Method["output"]>>((resolve, reject) => {
        const done = (error: ServiceError | null, value?: MessageShape<Method["output"]>) =>
          error || value === undefined
            ? reject(error ? explain(error, address) : new Error("an empty answer"))
            : resolve(value);
        const deadline = { deadline: Date.now() + CALL_MS };
        client.makeUnaryRequest(wire.path, serialize, deserialize, message, new Metadata(), deadline, done);
      });
    },
    close: () => client.close(),
  };
}
