// Which agents and coordinators understand each other: a number that each says of itself, and what it has to be for what.
// A release apart they work together with what both know; farther apart they don't. Pure.

/** Raised with each release that adds something to the messages on the bus. 1: 0.1.0, which did not say its number. */
export const PROTOCOL_VERSION = 2;

/** So many releases apart agent and coordinator still work together. */
const APART_MAX = 1;

/** What was added after 0.1.0, and the protocol that knows it. */
const KNOWN_FROM = {
  "shared fills": 2,
  "applying presets": 2,
  "tags, classes and queries of sweeps": 2,
} as const;

/** Something that only newer agents or coordinators know. */
export type Feature = keyof typeof KNOWN_FROM;

/** What an agent says of itself. */
export interface Speaker {
  readonly name: string;
  readonly agentVersion: string;
  /** As announced; 0: it said none. */
  readonly protocolVersion: number;
}

/** The number that was meant. */
export const spokenBy = (said: number): number => (said === 0 ? 1 : said);

const agentWords = ({ name, agentVersion, protocolVersion }: Speaker): string =>
  `${name} runs agent ${agentVersion || "of an unknown version"} (protocol ${spokenBy(protocolVersion)})`;

/** Why a machine gets no orders at all, in one sentence; null: it may get some. `ours` is the coordinator's number. */
export function versionProblem(speaker: Speaker, ours: number = PROTOCOL_VERSION): string | null {
  const theirs = spokenBy(speaker.protocolVersion);
  if (Math.abs(theirs - ours) <= APART_MAX) return null;
  const here = `this coordinator speaks protocol ${ours} and works with ${Math.max(1, ours - APART_MAX)} to ${ours + APART_MAX}`;
  const what =
    theirs < ours ? "install an agent of the coordinator's release there" : "upgrade the coordinator first";
  return `${agentWords(speaker)}, and ${here}: it gets no orders; ${what} (docs/upgrading.md).`;
}

/** Whether a side that said this number knows something. */
export const knows = (said: number, feature: Feature): boolean => spokenBy(said) >= KNOWN_FROM[feature];

/** Why a machine can't be given something, in one sentence; null: its agent knows it. */
export function featureProblem(speaker: Speaker, feature: Feature): string | null {
  if (knows(speaker.protocolVersion, feature)) return null;
  return `${agentWords(speaker)}, which does not know ${feature} (protocol ${KNOWN_FROM[feature]} on); upgrade the agent there (docs/upgrading.md).`;
}

/** What an agent says of a coordinator that will give it no orders; null: it may. */
export function coordinatorProblem(said: number, ours: number = PROTOCOL_VERSION): string | null {
  const theirs = spokenBy(said);
  if (Math.abs(theirs - ours) <= APART_MAX) return null;
  const what = theirs > ours ? "upgrade this agent" : "upgrade the coordinator first";
  return `The coordinator speaks protocol ${theirs} and this agent protocol ${ours}: it gets no orders; ${what} (docs/upgrading.md).`;
}
