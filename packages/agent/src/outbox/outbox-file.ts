// The form of one result on disk: a magic word, the length, a CRC and the payload. A torn or flipped file is recognised.
import { crc32 } from "node:zlib";

const MAGIC = Buffer.from("OZR1");
const HEADER_BYTES = MAGIC.length + 8;

/** Payload -> bytes of the file. */
export function packResult(payload: Uint8Array): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  MAGIC.copy(header);
  header.writeUInt32BE(payload.length, MAGIC.length);
  header.writeUInt32BE(crc32(payload), MAGIC.length + 4);
  return Buffer.concat([header, payload]);
}

/** Bytes of the file -> payload, or null when they are not what was written. */
export function unpackResult(file: Buffer): Uint8Array | null {
  if (file.length < HEADER_BYTES || !file.subarray(0, MAGIC.length).equals(MAGIC)) return null;
  const payload = file.subarray(HEADER_BYTES);
  const whole =
    payload.length === file.readUInt32BE(MAGIC.length) &&
    crc32(payload) === file.readUInt32BE(MAGIC.length + 4);
  return whole ? new Uint8Array(payload) : null;
}
