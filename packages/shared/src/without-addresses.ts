// Addresses in a sentence become "<address>": URLs, IP and MAC addresses, hosts that only a private network knows, people's mail.
// What names this machine itself (127.0.0.1, ::1, localhost, 0.0.0.0) tells nothing and stays. Every expression is linear in
// the length of the text: it may come from anywhere.
import { endOfWord } from "./without-paths.ts";

const ADDRESS = "<address>";

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|0\.0\.0\.0|\[::1?\])$/;

const URLS = /(?<![\p{L}\p{N}])[a-z][a-z0-9+.-]{0,20}:\/\/[^\s"'`<>]*/giu;

/** A URL of this machine stays unless it says who asks; of another one nothing stays. */
function cleanUrl(found: string): string {
  const end = endOfWord(found, ".,;:!?)]}");
  const [url, tail] = [found.slice(0, end), found.slice(end)];
  for (const candidate of [url, `${url}]`]) {
    if (!URL.canParse(candidate)) continue;
    const { hostname, username, password } = new URL(candidate);
    if (username === "" && password === "" && LOOPBACK.test(hostname)) return found;
  }
  return `${ADDRESS}${tail.replace(/^\]/, "")}`;
}

/** Users of other hosts, and mail. A digest behind an "@" belongs to a model. */
const AT_HOST =
  /[\p{L}\p{N}._%+-]{1,64}@(?!sha256\b)(?=[\d.-]{0,253}\p{L})[\p{L}\p{N}](?:[\p{L}\p{N}.-]{0,253}[\p{L}\p{N}])?/gu;

const isIPv6 = (text: string): boolean => /^[0-9a-f:.]+$/i.test(text) && URL.canParse(`http://[${text}]/`);

const MAC = /(?<![\p{L}\p{N}:-])[0-9a-f]{2}([:-])(?:[0-9a-f]{2}\1){4}[0-9a-f]{2}(?![\p{L}\p{N}:-])/giu;

const IPV6 =
  /\[?(?<![\p{L}\p{N}_])(?=[0-9a-f.]{0,15}:)[0-9a-f:.]{2,60}(?:%[\p{L}\p{N}._-]{1,20})?(?:\](?::\d{1,5})?)?/giu;

const IPV4 = /(?<![\p{L}\p{N}]|[\p{L}\p{N}]\.)\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?(?![\p{L}\p{N}]|\.\p{N})/gu;

function cleanIpv6(found: string): string {
  const [, open = "", body = "", close = ""] =
    /^(\[?)([0-9a-f:.]+)(?:%[^\]]*)?(\]?(?::\d+)?)$/i.exec(found) ?? [];
  const trimmed = body.replace(/[.:]+$/, (end) => (end.startsWith("::") ? "::" : ""));
  const tail = body.slice(trimmed.length);
  // A port behind it, a word in front of it that could be a part of it.
  const isOne = [
    body,
    trimmed,
    trimmed.replace(/:[0-9a-f]+$/i, ""),
    trimmed.replace(/^[0-9a-f]+:/i, ""),
  ].some(isIPv6);
  if (!isOne || /^::(?:1|ffff:127(?:\.\d+){3})?$/i.test(trimmed)) return found;
  const isWhole = open !== "" && close.startsWith("]");
  return isWhole ? ADDRESS : `${open}${ADDRESS}${tail}${close}`;
}

function cleanIpv4(found: string): string {
  const parts = (found.split(":")[0] ?? "").split(".").map(Number);
  const tellsNothing = parts[0] === 127 || parts.every((part) => part === 0);
  return tellsNothing || parts.some((part) => part > 255) ? found : ADDRESS;
}

/** A host where the words before it say that there is one: of resolvers, of Go's dialler, of TLS. */
const NAMED_HOST =
  /\b(ENOTFOUND |EAI_AGAIN |dial (?:tcp|udp)[46]?:? (?:lookup )?|Host: |DNS:)(?!lookup\b)([\p{L}\p{N}_](?:[\p{L}\p{N}._-]{0,253}[\p{L}\p{N}])?)(?::\d{1,5})?/gu;

/** Domains that only a private network knows. */
const PRIVATE_HOST =
  /(?<![\p{L}\p{N}._-])[\p{L}\p{N}_][\p{L}\p{N}_.-]{0,200}\.(?:local|localdomain|lan|internal|intranet|corp|home\.arpa)(?![\p{L}\p{N}_-]|\.[\p{L}\p{N}])(?::\d{1,5})?/giu;

const cleanNamedHost = (found: string, before: string, host: string): string =>
  LOOPBACK.test(host) || /^127\./.test(host) ? found : `${before}${ADDRESS}`;

type Rule = readonly [needs: RegExp, pattern: RegExp, by: (found: string, ...groups: string[]) => string];

/** Most sentences have none of what the first expression of a rule looks for, which costs nothing beside the second. */
const RULES: readonly Rule[] = [
  [/:\/\//, URLS, cleanUrl],
  [/@/, AT_HOST, () => ADDRESS],
  [/[0-9a-f]{2}[:-][0-9a-f]{2}[:-]/i, MAC, () => ADDRESS],
  [/:[^:]{0,60}:/, IPV6, cleanIpv6],
  [/\d\.\d{1,3}\.\d/, IPV4, cleanIpv4],
  [/ENOTFOUND|EAI_AGAIN|dial |Host: |DNS:/, NAMED_HOST, cleanNamedHost],
  [/\.(?:lo|la|in|co|ho)/i, PRIVATE_HOST, () => ADDRESS],
];

/** Takes the addresses out. */
export const withoutAddresses = (sentence: string): string =>
  RULES.reduce(
    (text, [needs, pattern, by]) => (needs.test(text) ? text.replace(pattern, by) : text),
    sentence,
  );
