// Sentences without what says whose a machine is: names of hosts and people, home folders, addresses, serial numbers. The
// agent cleans with what it knows of its host before a result is signed, a report by what such things look like. Addresses of
// this machine itself (127.0.0.1) tell nothing and stay. Cleaning a clean sentence changes nothing.
import { withoutAddresses } from "./without-addresses.ts";
import { escaped, homeCleaner, withoutPaths } from "./without-paths.ts";

/** What is known of whose machine it is; all of it may be empty. */
export interface Owner {
  /** What the machine is called: by its system, by its owner. */
  readonly machineNames?: readonly string[];
  /** Accounts of people on it. */
  readonly userNames?: readonly string[];
  /** Hosts that it talks to, as they are configured. */
  readonly hosts?: readonly string[];
  /** Home folders. */
  readonly homes?: readonly string[];
}

/** Takes such things out of a sentence. */
export type Cleaner = (sentence: string) => string;

/** Names that tell nothing: accounts of every system and of services, and the words that stand for what was taken out. */
const TELLS_NOTHING: ReadonlySet<string> = new Set(
  "root administrator admin nobody ubuntu debian ollama ozone localhost address home machine serial user".split(
    " ",
  ),
);

/** A single letter, or a number, is no name that could be found in a sentence full of figures. */
const isTelling = (name: string): boolean =>
  name.length > 1 && /\p{L}/u.test(name) && !TELLS_NOTHING.has(name.toLowerCase());

/** One expression for all of the names, the longest first; null without any. */
function anyOf(names: readonly string[], after = ""): RegExp | null {
  const telling = [...new Set(names.filter(isTelling).map((name) => name.toLowerCase()))];
  if (telling.length === 0) return null;
  const words = telling.sort((a, b) => b.length - a.length).map(escaped);
  // Letters and digits of ASCII: those of every script take milliseconds to compile, and a report has a cleaner per machine.
  return new RegExp(`(?<![a-z0-9])(?:${words.join("|")})${after}(?![a-z0-9])`, "gi");
}

/** Labels of a domain behind the name of a host: "lab-pc-17.corp.example". */
const DOMAIN = "(?:\\.[a-z0-9][a-z0-9-]*)*";

/** Makes a cleaner. Without an owner it goes by what such things look like. */
export function ownerCleaner({
  machineNames = [],
  userNames = [],
  hosts = [],
  homes = [],
}: Owner = {}): Cleaner {
  const named: readonly (readonly [RegExp | null, string])[] = [
    [anyOf(hosts, DOMAIN), "<address>"],
    [anyOf(machineNames, DOMAIN), "<machine>"],
    [anyOf(userNames), "<user>"],
  ];
  const withoutHomes = homeCleaner(homes);
  const names = named.flatMap(([pattern, mark]) => (pattern === null ? [] : [[pattern, mark] as const]));
  return (sentence) =>
    names.reduce(
      (text, [pattern, mark]) => text.replace(pattern, mark),
      withoutPaths(withoutHomes(withoutAddresses(sentence))),
    );
}
