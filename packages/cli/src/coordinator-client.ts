// The one way to the coordinator: typed calls over gRPC (TLS beyond loopback), each with a deadline, errors in our words.
import { isIP } from "node:net";
import { checkServerIdentity } from "node:tls";
import type {
  DescMethod,
  DescMethodServerStreaming,
  DescMethodUnary,
  MessageInitShape,
  MessageShape,
} from "@bufbuild/protobuf";
import { create } from "@bufbuild/protobuf";
import {
  type ChannelCredentials,
  Client,
  type ClientReadableStream,
  credentials,
  Metadata,
  type ServiceError,
} from "@grpc/grpc-js";
import { messageOf, OzoneError } from "@ozone/shared/errors";
import { grpcDefinition } from "@ozone/shared/grpc-definition";
import { hostOf } from "@ozone/shared/host-address";
import { GRPC_MESSAGE_BYTES_MAX } from "@ozone/shared/limits";
import type { CoordinatorPlace, Trust } from "./coordinator-address.ts";
import { fromGrpcError } from "./grpc-errors.ts";

/** A short question should be answered within this. */
const CALL_MS = 15_000;

/** Limits of one call. */
export interface CallOptions {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

/** Typed calls by generated descriptors, for example `client.call(SweepService.method.getSweep, { sweepId })`. */
export interface CoordinatorClient {
  readonly address: string;
  call<Method extends DescMethodUnary>(
    method: Method,
    request: MessageInitShape<Method["input"]>,
    options?: CallOptions,
  ): Promise<MessageShape<Method["output"]>>;
  stream<Method extends DescMethodServerStreaming>(
    method: Method,
    request: MessageInitShape<Method["input"]>,
    options?: CallOptions,
  ): AsyncIterable<MessageShape<Method["output"]>>;
  close(): void;
}

/** TLS refuses an address as a server's name (RFC 6066), so this stands in for it; the address itself is checked. */
const NAME_FOR_ADDRESSES = "ozone-coordinator.invalid";

/** The server must have a certificate for the host that was asked for, be it a name or an address. */
function secureCredentials(address: string, { ca, token }: Trust): ChannelCredentials {
  const host = hostOf(address);
  const secure = channelCredentials(address, ca, (_name, certificate) =>
    checkServerIdentity(host, certificate),
  );
  if (token === null) return secure;
  const shown = credentials.createFromMetadataGenerator((_context, done) => {
    const metadata = new Metadata();
    metadata.set("authorization", `Bearer ${token}`);
    done(null, metadata);
  });
  return credentials.combineChannelCredentials(secure, shown);
}

function channelCredentials(
  address: string,
  ca: Buffer | null,
  identity: typeof checkServerIdentity,
): ChannelCredentials {
  try {
    return credentials.createSsl(ca, null, null, { checkServerIdentity: identity });
  } catch (thrown) {
    throw new OzoneError(
      "invalid_input",
      `The CA for the coordinator at ${address} can't be read (${messageOf(thrown)}); OZONE_CA has to name its ca.pem.`,
      { cause: thrown },
    );
  }
}

/** Opens a client; the connection is made by the first call. An address alone is one of this machine, without TLS. */
export function connectCoordinator(to: CoordinatorPlace | string): CoordinatorClient {
  const { address, tls } = typeof to === "string" ? { address: to, tls: null } : to;
  const secure = tls === null ? credentials.createInsecure() : secureCredentials(address, tls);
  const client = new Client(address, secure, {
    "grpc.max_receive_message_length": GRPC_MESSAGE_BYTES_MAX,
    "grpc.enable_http_proxy": 0,
    ...(tls !== null && isIP(hostOf(address)) > 0
      ? { "grpc.ssl_target_name_override": NAME_FOR_ADDRESSES }
      : {}),
  });
  return {
    address,
    call: (method, request, options) => unaryCall({ client, address, method, request, ...options }),
    stream: (method, request, options) => streamCall({ client, address, method, request, ...options }),
    close: () => client.close(),
  };
}

interface Call<Method extends DescMethod> extends CallOptions {
  readonly client: Client;
  readonly address: string;
  readonly method: Method;
  readonly request: MessageInitShape<Method["input"]>;
}

/** The serialisers of the shared definition, typed by the descriptor they were made from. */
function wireFormat<Method extends DescMethod>(method: Method) {
  const definition = grpcDefinition(method.parent)[method.localName];
  if (!definition)
    throw new Error(`The service ${method.parent.typeName} has no method ${method.localName}.`);
  return {
    path: definition.path,
    serialize: definition.requestSerialize as (message: MessageShape<Method["input"]>) => Buffer,
    deserialize: definition.responseDeserialize as (data: Buffer) => MessageShape<Method["output"]>,
  };
}

const deadlineIn = (timeoutMs: number) => ({ deadline: Date.now() + timeoutMs });

function unaryCall<Method extends DescMethodUnary>(
  options: Call<Method>,
): Promise<MessageShape<Method["output"]>> {
  const { client, address, method, request, timeoutMs = CALL_MS, signal } = options;
  const { path, serialize, deserialize } = wireFormat(method);
  const message = create<Method["input"]>(method.input, request);
  return new Promise((resolve, reject) => {
    const abort = () => call.cancel();
    const done = (error: ServiceError | null, value?: MessageShape<Method["output"]>) => {
      signal?.removeEventListener("abort", abort);
      if (error) reject(fromGrpcError(error, address));
      else if (value === undefined) reject(new Error(`Empty answer to ${path}.`));
      else resolve(value);
    };
    const call = client.makeUnaryRequest(
      path,
      serialize,
      deserialize,
      message,
      new Metadata(),
      deadlineIn(timeoutMs),
      done,
    );
    signal?.addEventListener("abort", abort, { once: true });
    if (signal?.aborted) abort();
  });
}

async function* streamCall<Method extends DescMethodServerStreaming>(
  options: Call<Method>,
): AsyncGenerator<MessageShape<Method["output"]>> {
  const { client, address, method, request, timeoutMs = CALL_MS, signal } = options;
  const { path, serialize, deserialize } = wireFormat(method);
  const message = create<Method["input"]>(method.input, request);
  const stream: ClientReadableStream<MessageShape<Method["output"]>> = client.makeServerStreamRequest(
    path,
    serialize,
    deserialize,
    message,
    new Metadata(),
    deadlineIn(timeoutMs),
  );
  const abort = () => stream.cancel();
  signal?.addEventListener("abort", abort, { once: true });
  if (signal?.aborted) abort();
  try {
    for await (const part of stream) yield part;
  } catch (thrown) {
    throw fromGrpcError(thrown, address);
  } finally {
    signal?.removeEventListener("abort", abort);
    stream.on("error", () => {
      // Cancelling a stream that nobody reads any more reports CANCELLED; that is what was asked for.
    });
    stream.cancel();
  }
}
