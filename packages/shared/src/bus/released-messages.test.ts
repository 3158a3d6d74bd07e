// Messages of the last release are read here, and ours are read there: both ways a release apart. The recorded bytes were
// written by 0.1.0 itself, every field set; its descriptors are the image that `buf breaking` compares with.
import { readFileSync } from "node:fs";
import {
  create,
  createFileRegistry,
  type DescField,
  type DescMessage,
  fromBinary,
  type JsonObject,
  ScalarType,
  toBinary,
  toJson,
} from "@bufbuild/protobuf";
import { type ReflectMessage, reflect } from "@bufbuild/protobuf/reflect";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import {
  AnnouncementReplySchema,
  AnnouncementSchema,
  HeartbeatReplySchema,
  HeartbeatSchema,
} from "@ozone/proto/machine";
import { ReceiptSchema, TrialOrderSchema, TrialResultSchema } from "@ozone/proto/trial";
import { describe, expect, it } from "vitest";

/** Everything that agents and coordinators of 0.1.0 say to each other. */
const NOW: readonly DescMessage[] = [
  ...[TrialOrderSchema, TrialResultSchema, ReceiptSchema],
  ...[AnnouncementSchema, AnnouncementReplySchema, HeartbeatSchema, HeartbeatReplySchema],
];

const file = (path: string) => readFileSync(new URL(path, import.meta.url));
const recorded = JSON.parse(String(file("./fixtures/messages-0.1.0.json"))) as {
  type: string;
  bytes: string;
  json: JsonObject;
}[];
const released = createFileRegistry(
  fromBinary(FileDescriptorSetSchema, file("../../../../proto/released/0.1.0.binpb")),
);

const words = { enumAsInteger: true, alwaysEmitImplicit: true } as const;
const jsonOf = (desc: DescMessage, bytes: Uint8Array) => toJson(desc, fromBinary(desc, bytes), words);

/** A value of its own for each field that is no message. */
function exampleOf(field: DescField, n: number): unknown {
  if ("enum" in field && field.enum) return field.enum.values.at(1)?.number ?? 0;
  if (!("scalar" in field) || field.scalar === undefined) return n;
  if (field.scalar === ScalarType.DOUBLE) return n + 0.5;
  if (field.scalar === ScalarType.UINT64 || field.scalar === ScalarType.INT64) return BigInt(n);
  if (field.scalar === ScalarType.BOOL) return true;
  if (field.scalar === ScalarType.BYTES) return new Uint8Array([n]);
  return field.scalar === ScalarType.STRING ? `${field.name} ${n}` : n;
}

/** A message with every field set, also of the messages in it. */
function filled(desc: DescMessage): ReflectMessage {
  const message = reflect(desc, create(desc));
  for (const [index, field] of desc.fields.entries()) {
    const value = () => (field.message ? filled(field.message) : exampleOf(field, index + 1));
    if (field.fieldKind === "list") message.get(field).add(value() as never);
    else if (field.fieldKind === "map") message.get(field).set("key", "value");
    else message.set(field, value() as never);
  }
  return message;
}

describe("messages between this version and 0.1.0", () => {
  it.each(NOW.map((desc) => [desc.typeName, desc] as const))("%s of 0.1.0 is read here", (type, desc) => {
    const message = recorded.find((one) => one.type === type);
    expect(message).toBeDefined();
    expect(jsonOf(desc, Buffer.from(message?.bytes ?? "", "base64"))).toMatchObject(message?.json ?? {});
  });

  it.each(NOW.map((desc) => [desc.typeName, desc] as const))("%s of now is read by 0.1.0", (type, desc) => {
    const then = released.getMessage(type);
    if (!then) throw new Error(`0.1.0 has no ${type}`);
    const bytes = toBinary(desc, filled(desc).message);
    const read = jsonOf(then, bytes) as JsonObject;
    expect(jsonOf(desc, bytes)).toMatchObject(read);
    // Nothing that 0.1.0 knows is left at its zero: each of its fields was found in our bytes.
    const empty = toJson(then, create(then), words) as JsonObject;
    expect(Object.keys(read).sort()).toEqual(then.fields.map(({ jsonName }) => jsonName).sort());
    for (const name of Object.keys(empty)) expect(read[name], name).not.toEqual(empty[name]);
  });
});
