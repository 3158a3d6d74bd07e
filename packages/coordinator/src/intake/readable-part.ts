// What can be read of a message that may be damaged: its whole fields up to the first that isn't one, and of these the
// ones that a result can have. For a person to look at; nothing is decided by it.
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import type { TrialResult } from "@ozone/proto/trial";
import { decodeResult } from "@ozone/shared/bus";

/** The readable fields together as a result, and how many bytes they take. */
export interface ReadablePart {
  readonly result: TrialResult;
  readonly bytes: number;
}

/** The encoded fields of the outermost message, up to the first that is broken off or not a field. */
function wholeFields(payload: Uint8Array): Uint8Array[] {
  const reader = new BinaryReader(payload);
  const passOver = reader.skip.bind(reader);
  const fields: Uint8Array[] = [];
  try {
    while (reader.pos < reader.len) {
      const start = reader.pos;
      const [fieldNumber, wireType] = reader.tag();
      // Groups are no part of our messages; skipping one would trust its nesting.
      if (wireType === WireType.StartGroup || wireType === WireType.EndGroup) break;
      passOver(wireType, fieldNumber);
      if (reader.pos > reader.len) break;
      fields.push(payload.subarray(start, reader.pos));
    }
  } catch {
    // Here it ends; what came before stays readable.
  }
  return fields;
}

function isReadable(field: Uint8Array): boolean {
  try {
    // A field that a result doesn't have decodes too, as an unknown one: it says nothing to a person.
    return decodeResult(field).$unknown === undefined;
  } catch {
    return false;
  }
}

/** What can be read of a message; null when nothing can. */
export function readablePart(payload: Uint8Array): ReadablePart | null {
  const fields = wholeFields(payload).filter(isReadable);
  if (fields.length === 0) return null;
  const joined = Buffer.concat(fields);
  return { result: decodeResult(joined), bytes: joined.length };
}
