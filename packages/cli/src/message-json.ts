// Messages of the API as JSON documents: protobuf's own mapping, with the empty fields, so that scripts find every key.
import { type DescMessage, type JsonValue, type MessageShape, toJson } from "@bufbuild/protobuf";

/** 64-bit integers become texts, enums their names, times RFC 3339. */
export const messageJson = <Schema extends DescMessage>(
  schema: Schema,
  message: MessageShape<Schema>,
): JsonValue => toJson(schema, message, { alwaysEmitImplicit: true });
