// Turns a generated service description into the plain definition that @grpc/grpc-js takes. Both ends use it.
import { type DescMethod, type DescService, fromBinary, type Message, toBinary } from "@bufbuild/protobuf";

/** One method in the shape of @grpc/grpc-js; messages are protobuf-es messages. */
export interface GrpcMethodDefinition {
  readonly path: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
  readonly requestSerialize: (message: Message) => Buffer;
  readonly requestDeserialize: (data: Buffer) => unknown;
  readonly responseSerialize: (message: Message) => Buffer;
  readonly responseDeserialize: (data: Buffer) => unknown;
}

function methodDefinition(method: DescMethod): GrpcMethodDefinition {
  const { input, output } = method;
  return {
    path: `/${method.parent.typeName}/${method.name}`,
    requestStream: method.methodKind === "client_streaming" || method.methodKind === "bidi_streaming",
    responseStream: method.methodKind === "server_streaming" || method.methodKind === "bidi_streaming",
    requestSerialize: (message) => Buffer.from(toBinary(input, message)),
    requestDeserialize: (data) => fromBinary(input, data),
    responseSerialize: (message) => Buffer.from(toBinary(output, message)),
    responseDeserialize: (data) => fromBinary(output, data),
  };
}

/** All methods of a service, keyed by their local (lower camel case) names. */
export const grpcDefinition = (service: DescService): Record<string, GrpcMethodDefinition> =>
  Object.fromEntries(service.methods.map((method) => [method.localName, methodDefinition(method)]));
