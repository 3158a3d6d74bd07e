// Under which names and addresses a server is reached: what its certificate is for. Pure.
import { isIP, isIPv4 } from "node:net";

/** What is known of this machine. */
export interface NameFacts {
  readonly hostname: string;
  /** Addresses of its network interfaces. */
  readonly addresses: readonly string[];
  /** The host of the address it listens on; a wildcard adds nothing. */
  readonly listensOn: string;
  /** Names that its owner gave. */
  readonly given: readonly string[];
}

const LOOPBACK = ["localhost", "127.0.0.1", "::1"];
const LABEL = "[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?";
const DNS_NAME = new RegExp(`^(?:\\*\\.)?${LABEL}(?:\\.${LABEL})*$`);
const DNS_NAME_CHARACTERS_MAX = 253;
/** Beyond this something is wrong, and a handshake gets slow. */
const NAMES_MAX = 64;

/** Whether a certificate can be made for it: a DNS name or an address. */
export const isName = (text: string): boolean =>
  isIP(text) > 0
    ? !text.includes("%")
    : text.length <= DNS_NAME_CHARACTERS_MAX && DNS_NAME.test(text) && !/^[\d.]+$/.test(text);

const isWildcard = (host: string): boolean => host === "0.0.0.0" || host === "::";

/** Every name that the certificate should carry, each once, what was given first. */
export function serverNames({ hostname, addresses, listensOn, given }: NameFacts): string[] {
  const all = [...given, listensOn, hostname, ...LOOPBACK, ...addresses];
  const usable = all.filter((text) => isName(text) && !isWildcard(text));
  return [...new Set(usable.map(canonical))].slice(0, NAMES_MAX);
}

/** One spelling for each: certificates are compared by it. */
export const canonical = (text: string): string =>
  isIP(text) === 6 ? hexGroups(text).join(":") : text.toLowerCase();

/** The groups of an IPv6 address as X509Certificate prints them: eight, upper case, no zeros in front. */
function hexGroups(address: string): string[] {
  const dotted = /:(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address);
  const [a = 0, b = 0, c = 0, d = 0] = (dotted?.slice(1) ?? []).map(Number);
  const plain = dotted
    ? `${address.slice(0, dotted.index)}:${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`
    : address;
  const [head = "", tail] = plain.split("::");
  const front = head.split(":").filter(Boolean);
  const back = (tail ?? "").split(":").filter(Boolean);
  const missing = tail === undefined ? 0 : 8 - front.length - back.length;
  return [...front, ...Array<string>(missing).fill("0"), ...back].map((group) =>
    Number.parseInt(group, 16).toString(16).toUpperCase(),
  );
}

/** An address as a certificate holds it: 4 bytes or 16. */
export function addressBytes(address: string): Buffer {
  if (isIPv4(address)) return Buffer.from(address.split(".").map(Number));
  return Buffer.from(
    hexGroups(address)
      .map((group) => group.padStart(4, "0"))
      .join(""),
    "hex",
  );
}
