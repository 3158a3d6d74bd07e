// How the fingerprint of a certificate is written, so that a person can carry it to another machine. Pure.

const PREFIX = "sha256:";

/** "sha256:" and 64 digits, of what Node says ("AB:CD:..."). */
export const fingerprintText = (fingerprint256: string): string =>
  PREFIX + fingerprint256.replaceAll(":", "").toLowerCase();

/** The same form, of what a person typed: with or without the prefix, with or without colons. Null: it is none. */
export function parseFingerprint(typed: string): string | null {
  const digits = typed
    .trim()
    .toLowerCase()
    .replace(/^sha-?256[:=]/, "")
    .replaceAll(":", "");
  return /^[0-9a-f]{64}$/.test(digits) ? PREFIX + digits : null;
}
