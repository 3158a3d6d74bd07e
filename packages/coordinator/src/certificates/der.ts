// DER, the byte form of certificates, as far as one fixed kind of certificate needs it. It only writes: what is read, is
// read by Node's own X509Certificate.

const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utf8: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

function lengthBytes(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  const hex = length.toString(16);
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, "hex");
  return Buffer.concat([Buffer.from([0x80 | bytes.length]), bytes]);
}

/** Tag, length, content. */
export function tagged(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([tag]), lengthBytes(content.length), content]);
}

/** Parts in a fixed order. */
export const sequence = (...parts: readonly Uint8Array[]): Buffer => tagged(TAG.sequence, ...parts);

/** A set of one. */
export const setOf = (part: Uint8Array): Buffer => tagged(TAG.set, part);

/** A number that is not negative, from its bytes: as short as possible, and never with the sign's bit set. */
export function integer(bytes: Uint8Array): Buffer {
  const start = bytes.findIndex((byte) => byte !== 0);
  const short = start === -1 ? Buffer.from([0]) : Buffer.from(bytes.subarray(start));
  const isSigned = ((short[0] ?? 0) & 0x80) !== 0;
  return tagged(TAG.integer, isSigned ? Buffer.concat([Buffer.from([0]), short]) : short);
}

/** The only boolean that is ever written: false is the default and stays away. */
export const TRUE = tagged(TAG.boolean, Buffer.from([0xff]));

/** An object identifier, given as the hexadecimal of its encoding. */
export const oid = (hex: string): Buffer => tagged(TAG.oid, Buffer.from(hex, "hex"));

/** A text. */
export const utf8 = (text: string): Buffer => tagged(TAG.utf8, Buffer.from(text, "utf8"));

/** Raw bytes. */
export const octetString = (bytes: Uint8Array): Buffer => tagged(TAG.octetString, bytes);

/** Bits, the last `unusedBits` of which don't count. */
export const bitString = (bytes: Uint8Array, unusedBits = 0): Buffer =>
  tagged(TAG.bitString, Buffer.from([unusedBits]), bytes);

/** A point in time to the second, in the form that X.509 demands for its year. */
export function time(at: Date): Buffer {
  const digits = at.toISOString().replace(/[-:T]|\.\d+/g, "");
  return at.getUTCFullYear() < 2050
    ? tagged(TAG.utcTime, Buffer.from(digits.slice(2)))
    : tagged(TAG.generalizedTime, Buffer.from(digits));
}
