// Tags of machines: words that people give them to mean several at once. The alphabet is small so that a tag needs no
// quoting in a shell, a file or a page. Pure.
import { OzoneError } from "./errors.ts";
import { quoted, someOf } from "./name-lists.ts";

/** Longer ones would be sentences. */
export const TAG_CHARACTERS_MAX = 40;
/** More on one machine are a mistake of a script. */
export const TAGS_PER_MACHINE_MAX = 50;

const TAG = new RegExp(`^[a-z0-9][a-z0-9._-]{0,${TAG_CHARACTERS_MAX - 1}}$`);

/** What a tag has to be, behind its subject. */
export const TAG_WORDS = `must be 1 to ${TAG_CHARACTERS_MAX} of a-z, 0-9, "-", "_" and ".", a letter or a digit first`;

/** Whether a text is a tag. */
export const isTag = (text: string): boolean => TAG.test(text);

/** @throws OzoneError invalid_input about the first that is none */
export function requireTags(texts: readonly string[]): void {
  const wrong = texts.find((text) => !isTag(text));
  if (wrong === undefined) return;
  const shown = JSON.stringify(wrong.slice(0, 2 * TAG_CHARACTERS_MAX));
  throw new OzoneError("invalid_input", `A tag ${TAG_WORDS}; ${shown} is none.`);
}

/** What may be chosen by its tags. */
export interface Tagged {
  readonly tags: readonly string[];
}

/** Every further tag narrows the choice. */
const carriesAll = ({ tags }: Tagged, asked: readonly string[]): boolean =>
  asked.every((tag) => tags.includes(tag));

/**
 * The machines that carry all of the tags; all of them when none is asked for.
 * @param which machines these are, for the sentence: "online", "known"
 * @throws OzoneError invalid_input when a text is no tag, or no machine carries them all
 */
export function withTags<Machine extends Tagged>(
  machines: readonly Machine[],
  asked: readonly string[],
  which: string,
): readonly Machine[] {
  requireTags(asked);
  const found = machines.filter((machine) => carriesAll(machine, asked));
  if (found.length > 0 || asked.length === 0) return found;
  const carried = [...new Set(machines.flatMap(({ tags }) => tags))].sort();
  const missing = asked.filter((tag) => !carried.includes(tag));
  const what =
    missing.length > 0 ? `the tag ${quoted(missing.slice(0, 1))}` : `all of the tags ${quoted(asked)}`;
  const there = carried.length > 0 ? `tags there: ${someOf(carried)}` : "none has a tag";
  throw new OzoneError(
    "invalid_input",
    `No machine that is ${which} carries ${what} (${there}); \`ozone machine list\` shows who carries which.`,
  );
}

/**
 * Machines that were named as well each have to carry all of the tags: none of them is dropped in silence.
 * @throws OzoneError invalid_input about the first that does not
 */
export function requireCarried<Machine extends Tagged>(
  named: readonly Machine[],
  asked: readonly string[],
  nameOf: (machine: Machine) => string,
): void {
  requireTags(asked);
  const bare = named.find((machine) => !carriesAll(machine, asked));
  if (bare === undefined) return;
  const lacking = asked.filter((tag) => !bare.tags.includes(tag));
  throw new OzoneError(
    "invalid_input",
    `${nameOf(bare)} does not carry the tag ${quoted(lacking.slice(0, 1))}; name other machines or other tags (\`ozone machine list\`).`,
  );
}
