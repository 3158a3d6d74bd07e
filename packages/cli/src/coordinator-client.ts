// The one way to the coordinator: typed calls over gRPC (plaintext), each with a deadline, errors in our words.
import type {
  DescMethod,
  DescMethodServerStreaming,
  DescMethodUnary,
  MessageInitShape,
  MessageShape,
} from "@bufbuild/protobuf";
import { create } from "@bufbuild/protobuf";
import { Client, type ClientReadableStream, credentials, Metadata, type ServiceError } from "@grpc/grpc-js";
import { grpcDefinition } from "@ozone/shared/grpc-definition";
import { GRPC_MESSAGE_BYTES_MAX } from "@ozone/shared/limits";
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

/** Opens a client; the connection is made by the first call. */
export function connectCoordinator(address: string): CoordinatorClient {
  const client = new Client(address, credentials.createInsecure(), {
    "grpc.max_receive_message_length": GRPC_MESSAGE_BYTES_MAX,
    "grpc.enable_http_proxy": 0,
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
