// Paths in a sentence keep their last part, which says what a thing is; the folders above it often say whose it is. Folders that
// every system has (/usr, /proc, /dev) and the paths of an API stay. Serial numbers of GPUs go as well. Every expression is
// linear in the length of the text.

/** First parts of paths that are the same everywhere. */
const PUBLIC_ROOTS: ReadonlySet<string> = new Set(
  "api v1 bin dev etc lib lib64 proc sbin sys usr".split(" "),
);

const HOME = "<home>";
const ABOVE = "…";

/** Characters of a path that nobody put between quotes: of one part, of several. */
const PART = "[^\\s\"'`:;,()<>|=\\\\/]";
const REST = "[^\\s\"'`:;,()<>|]";

/** Between quotes a path may hold spaces. */
const QUOTED = /(["'`])((?:[A-Za-z]:[\\/]|\/|\\\\)[^"'`\n]{1,4096})\1/g;

/** A home folder wherever it is in a path, with its owner's name (in Windows with spaces), and what is below it. */
const HOMES = new RegExp(
  `(?:[A-Za-z]:)?[\\\\/]{1,4}(?:(?:home|users)[\\\\/]{1,4}(?:[^\\\\/:*?"<>|\\n]{1,64}(?=\\\\)|${PART}{1,255})|root(?![\\p{L}\\p{N}_-]))(${REST}*)`,
  "giu",
);
const TILDE = new RegExp(`(?<![\\p{L}\\p{N}_~])~${PART}{1,64}[\\\\/](${REST}*)`, "gu");
const UNIX = new RegExp(`(?<![\\p{L}\\p{N}_.…)<>/~\\\\])/(${PART}+)/{1,4}(${REST}+)`, "gu");
const WINDOWS = new RegExp(`(?<![\\p{L}\\p{N}_])[A-Za-z]:[\\\\/]{1,4}${PART}+[\\\\/]{1,4}(${REST}+)`, "gu");
const SHARE = new RegExp(`(?<![\\p{L}\\p{N}_.:>…\\\\])\\\\\\\\${PART}+\\\\(${REST}+)`, "gu");
const GPU_SERIAL = /\b(GPU|MIG)-(?:GPU-)?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/giu;

/** Where what a sentence puts behind a word begins. */
export function endOfWord(text: string, punctuation: string): number {
  let end = text.length;
  while (end > 0 && punctuation.includes(text.charAt(end - 1))) end -= 1;
  return end;
}

function below(mark: string, rest: string): string {
  const end = endOfWord(rest, ".!?");
  const last = rest
    .slice(0, end)
    .split(/[\\/]/)
    .findLast((part) => part !== "");
  return `${mark}${last === undefined ? "" : `/${last}`}${rest.slice(end)}`;
}

/** What is known as a whole, quotes around it. */
function cleanQuoted(path: string): string {
  if (!/\s/.test(path)) return cleanUnquoted(path);
  const [, home = null] = /^.*[\\/](?:(?:home|users)[\\/]+[^\\/]+|root)((?:[\\/].*)?)$/i.exec(path) ?? [];
  if (home !== null) return below(HOME, home);
  const [first = ""] = path.split("/").filter((part) => part !== "");
  return path.startsWith("/") && PUBLIC_ROOTS.has(first) ? path : below(ABOVE, path);
}

const cleanUnquoted = (text: string): string =>
  text
    .replace(HOMES, (_, rest: string) => below(HOME, rest))
    .replace(TILDE, (_, rest: string) => below(HOME, rest))
    .replace(UNIX, (found, first: string, rest: string) =>
      PUBLIC_ROOTS.has(first) ? found : below(ABOVE, rest),
    )
    .replace(SHARE, (_, rest: string) => below(ABOVE, rest))
    .replace(WINDOWS, (_, rest: string) => below(ABOVE, rest));

const withoutSerials = (text: string): string =>
  /(?:GPU|MIG)-/i.test(text) ? text.replace(GPU_SERIAL, "$1-<serial>") : text;

const cleanQuotes = (text: string): string =>
  text.replace(QUOTED, (_, quote: string, path: string) => `${quote}${cleanQuoted(path)}${quote}`);

/** Takes them out. */
export const withoutPaths = (sentence: string): string =>
  withoutSerials(/[\\/]/.test(sentence) ? cleanUnquoted(cleanQuotes(sentence)) : sentence);

/** A text as it stands, for an expression. */
export const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");

/** Takes out a home folder that is known as such, wherever it is. */
export function homeCleaner(homes: readonly string[]): (sentence: string) => string {
  const known = homes
    .map((home) => home.slice(0, endOfWord(home, "\\/")))
    .filter((home) => /[\\/]./.test(home))
    .sort((a, b) => b.length - a.length)
    .map(escaped);
  if (known.length === 0) return (sentence) => sentence;
  const pattern = new RegExp(`(?:${known.join("|")})(?![a-z0-9_-])(${REST}*)`, "gi");
  return (sentence) => sentence.replace(pattern, (_, rest: string) => below(HOME, rest));
}
