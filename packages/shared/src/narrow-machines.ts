// Which of several machines a request means: those with the tags, of the classes and matching the query that it names. Pure.
import { OzoneError } from "./errors.ts";
import { type MachineFacts, parseMachineFacts, UNKNOWN } from "./machine-facts.ts";
import { type MachineQuery, matchesQuery, parseMachineQuery, type QueriedMachine } from "./machine-query.ts";
import { quoted, someOf } from "./name-lists.ts";
import { requireCarried, withTags } from "./tags.ts";

/** What narrows the choice; whatever is empty leaves it as it is. */
export interface Narrowing {
  /** All of them. */
  readonly tags: readonly string[];
  /** Hardware classes; one of them. */
  readonly classes: readonly string[];
  /** A query of machines (machine-query.ts). */
  readonly where: string;
}

/** What is known of a machine, as it announced itself and as people tagged it. */
export interface KnownMachine {
  readonly name: string;
  readonly hardwareClass: string;
  readonly factsJson: string;
  readonly tags: readonly string[];
}

/** A machine as a query may ask for it. */
function queriedMachine({ name, hardwareClass, factsJson, tags }: KnownMachine): QueriedMachine {
  const facts = factsOf(factsJson);
  return {
    name,
    class: known(hardwareClass),
    os: known(facts?.os.family),
    arch: known(facts?.os.arch),
    gpu: facts?.gpus?.length ?? null,
    ram: facts?.memory.totalBytes ?? null,
    cores: facts?.cpu.physicalCores ?? null,
    tags,
  };
}

/** Facts that can't be read are unknown facts: names, tags and classes still tell. */
function factsOf(factsJson: string): MachineFacts | null {
  try {
    return parseMachineFacts(JSON.parse(factsJson));
  } catch {
    return null;
  }
}

const known = (text: string | undefined): string | null =>
  text === undefined || text === "" || text === UNKNOWN ? null : text;

/**
 * The machines that surely match a query.
 * @throws OzoneError invalid_input about a query that can't be read
 */
export function machinesWhere<Machine extends KnownMachine>(
  machines: readonly Machine[],
  where: string,
): Machine[] {
  const query = parseMachineQuery(where);
  return machines.filter((machine) => surely(query, machine));
}

const surely = (query: MachineQuery, machine: KnownMachine): boolean =>
  matchesQuery(query, queriedMachine(machine));

/**
 * The machines that are meant, of those given: a tag or a class that none of them has, and a query that none of them
 * surely matches, are refused.
 * @param which machines these are, for the sentence: "online", "known"
 * @throws OzoneError invalid_input with one sentence
 */
export function narrowMachines<Machine extends KnownMachine>(
  machines: readonly Machine[],
  { tags, classes, where }: Narrowing,
  which: string,
): readonly Machine[] {
  const tagged = withTags(machines, tags, which);
  const those = `${which}${tags.length > 0 ? ` and carries ${quoted(tags)}` : ""}`;
  const there = new Set(tagged.map(({ hardwareClass }) => hardwareClass));
  const lost = classes.find((one) => !there.has(one));
  if (lost !== undefined)
    refuse(
      `No machine that is ${those} is of the class ${quoted([lost])} (classes there: ${someOf([...there].sort()) || "none"}); \`ozone machine list\` shows them.`,
    );
  const classed = classes.length === 0 ? tagged : tagged.filter((one) => classes.includes(one.hardwareClass));
  if (where === "") return classed;
  const found = machinesWhere(classed, where);
  if (found.length > 0) return found;
  const of = classes.length > 0 ? ` and of the class ${quoted(classes)}` : "";
  return refuse(
    `No machine that is ${those}${of} surely matches ${quoted([where])}; \`ozone machine list --where\` shows which machines a query means.`,
  );
}

/**
 * Machines that were named as well each have to be among those that are meant: none of them is dropped in silence.
 * @throws OzoneError invalid_input about the first that is not
 */
export function requireNarrowed(named: readonly KnownMachine[], { tags, classes, where }: Narrowing): void {
  requireCarried(named, tags, ({ name }) => name);
  const other = named.find(({ hardwareClass }) => classes.length > 0 && !classes.includes(hardwareClass));
  if (other)
    refuse(
      `${other.name} is of the class ${quoted([other.hardwareClass])}, not ${quoted(classes)}; name other machines or other classes (\`ozone machine list\`).`,
    );
  const query = where === "" ? null : parseMachineQuery(where);
  const odd = query && named.find((machine) => !surely(query, machine));
  if (odd)
    refuse(
      `${odd.name} does not surely match ${quoted([where])}; name other machines or ask otherwise (\`ozone machine list --where\`).`,
    );
}

/** Whether a machine is among those that are meant. @throws OzoneError invalid_input about what can't be read */
export function isMeantBy({ tags, classes, where }: Narrowing): (machine: KnownMachine) => boolean {
  const query = where === "" ? null : parseMachineQuery(where);
  return (machine) =>
    tags.every((tag) => machine.tags.includes(tag)) &&
    (classes.length === 0 || classes.includes(machine.hardwareClass)) &&
    (query === null || surely(query, machine));
}

const refuse = (sentence: string): never => {
  throw new OzoneError("invalid_input", sentence);
};
