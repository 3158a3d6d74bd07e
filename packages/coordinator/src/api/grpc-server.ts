// The typed adapter to @grpc/grpc-js, server side: async functions and generators in, gRPC handlers out.
import type { DescMethod, DescService, MessageShape } from "@bufbuild/protobuf";
import {
  type Metadata,
  Server,
  ServerCredentials,
  type ServerInterceptor,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { messageOf, OzoneError, systemCodeOf } from "@ozone/shared/errors";
import { grpcDefinition } from "@ozone/shared/grpc-definition";
import { GRPC_MESSAGE_BYTES_MAX } from "@ozone/shared/limits";
import { type Caller, callerOf } from "./caller.ts";
import { toStatus } from "./error-mapping.ts";

/** What a handler gets beside its request: aborted when the caller is gone or its deadline has passed. */
export interface CallContext {
  readonly signal: AbortSignal;
  readonly caller: Caller;
  /** host:port by which the caller reached this server, as it says. */
  readonly authority: string;
}

interface AnyCall {
  readonly metadata: Metadata;
  getHost(): string;
}

const contextOf = (call: AnyCall, signal: AbortSignal): CallContext => ({
  signal,
  caller: callerOf(call.metadata),
  authority: call.getHost(),
});

type Handler<Method extends DescMethod> = Method extends { methodKind: "server_streaming" }
  ? (
      request: MessageShape<Method["input"]>,
      call: CallContext,
    ) => AsyncIterable<MessageShape<Method["output"]>>
  : (request: MessageShape<Method["input"]>, call: CallContext) => Promise<MessageShape<Method["output"]>>;

/** One handler per method of a service, by local name. */
export type Handlers<Service extends DescService> = {
  [Name in keyof Service["method"]]: Handler<Service["method"][Name]>;
};

type Unary = (request: unknown, call: CallContext) => Promise<unknown>;
type Streaming = (request: unknown, call: CallContext) => AsyncIterable<unknown>;

const unary =
  (handle: Unary) =>
  (call: ServerUnaryCall<unknown, unknown>, callback: sendUnaryData<unknown>): void => {
    const abort = new AbortController();
    call.on("cancelled", () => abort.abort());
    handle(call.request, contextOf(call, abort.signal)).then(
      (response) => callback(null, response),
      (thrown: unknown) => callback(toStatus(thrown)),
    );
  };

const drained = (call: ServerWritableStream<unknown, unknown>, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    call.once("drain", resolve);
    signal.addEventListener("abort", () => resolve(), { once: true });
  });

async function pump(handle: Streaming, call: ServerWritableStream<unknown, unknown>): Promise<void> {
  const abort = new AbortController();
  call.on("cancelled", () => abort.abort());
  try {
    for await (const message of handle(call.request, contextOf(call, abort.signal))) {
      if (abort.signal.aborted) break;
      if (!call.write(message)) await drained(call, abort.signal);
    }
    call.end();
  } catch (thrown) {
    if (!abort.signal.aborted) call.emit("error", toStatus(thrown));
  }
}

const streaming =
  (handle: Streaming) =>
  (call: ServerWritableStream<unknown, unknown>): void => {
    void pump(handle, call);
  };

const LIMITS = {
  "grpc.max_receive_message_length": GRPC_MESSAGE_BYTES_MAX,
  "grpc.max_send_message_length": GRPC_MESSAGE_BYTES_MAX,
};
/** Of callers that we do not know. */
const STREAMS_PER_CONNECTION_MAX = 100;
/** Requests are small; only answers of ours are not. */
const OUTSIDE_REQUEST_BYTES_MAX = 256 * 1024;

/** For those who only pass it on. */
export type GrpcServer = Server;

/** Adds a service with its handlers. */
export function addService<Service extends DescService>(
  server: Server,
  service: Service,
  handlers: Handlers<Service>,
): void {
  const implementation: UntypedServiceImplementation = {};
  for (const method of service.methods) {
    const handler = handlers[method.localName as keyof Service["method"]] as unknown;
    implementation[method.localName] =
      method.methodKind === "server_streaming" ? streaming(handler as Streaming) : unary(handler as Unary);
  }
  server.addService(grpcDefinition(service), implementation);
}

/** An empty server with our limits. */
export const createServer = (): Server => new Server(LIMITS);

/** An empty server whose every call passes the guard first. */
export const createGuardedServer = (guard: ServerInterceptor): Server =>
  new Server({
    ...LIMITS,
    "grpc.max_receive_message_length": OUTSIDE_REQUEST_BYTES_MAX,
    "grpc.max_concurrent_streams": STREAMS_PER_CONNECTION_MAX,
    interceptors: [guard],
  });

/**
 * Starts listening.
 * @returns the address with the port that was bound.
 * @throws OzoneError unavailable with one sentence when the port is taken.
 */
export async function listen(
  server: Server,
  address: string,
  credentials = ServerCredentials.createInsecure(),
): Promise<string> {
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(address, credentials, (error, bound) => (error ? reject(error) : resolve(bound)));
  }).catch((thrown: unknown) => {
    const taken = systemCodeOf(thrown) === "EADDRINUSE" || /EADDRINUSE/.test(messageOf(thrown));
    throw new OzoneError(
      "unavailable",
      taken
        ? `The address ${address} is taken by another program; stop it, or set OZONE_GRPC_ADDRESS to a free one.`
        : `The address ${address} can't be listened on (${messageOf(thrown)}); set OZONE_GRPC_ADDRESS to another, for example 127.0.0.1:7464.`,
      { cause: thrown },
    );
  });
  return `${address.slice(0, address.lastIndexOf(":"))}:${port}`;
}

/** Stops taking calls, waits briefly for running ones, then cuts them. */
export const stopServer = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    const cut = setTimeout(() => server.forceShutdown(), 1_000);
    server.tryShutdown(() => {
      clearTimeout(cut);
      resolve();
    });
  });
