// The faults that a schedule over real processes is drawn from, as data: what each strikes, and how long it may last.

/** Parts that a fault takes hold of: two faults never hold the same one at the same time. */
export type Part =
  | "coordinator"
  | "nats-server"
  | "postgres"
  | "disk"
  | "agent"
  | "link"
  | "engine"
  | "clock";

/** What is drawn about a kind. */
interface FaultKindFacts {
  /** `agent`, `link`, `engine`, `disk` and `clock` are those of the drawn agent. */
  readonly strikes: readonly Part[];
  /** Shortest and longest time until it is ended. */
  readonly lastsMs: readonly [number, number];
  /** Ways in which it may happen; the first where there is only one. */
  readonly ways: readonly string[];
  /** It needs root: a small disk of its own is a mount. */
  readonly needsRoot?: true;
}

/** A lease short enough that a stopped agent outlives it soon, long enough for a busy machine. */
export const LEASE_MS = 4_000;

/** How long a killed program stays away before it is started again. */
const AWAY_MS = [0, 2_500] as const;

export const FAULT_KINDS = {
  "kill coordinator": { strikes: ["coordinator"], lastsMs: AWAY_MS, ways: ["kill -9"] },
  "kill agent": { strikes: ["agent"], lastsMs: AWAY_MS, ways: ["kill -9"] },
  "kill nats-server": { strikes: ["nats-server"], lastsMs: [0, 0], ways: ["kill -9"] },
  "kill Postgres": { strikes: ["postgres"], lastsMs: [0, 0], ways: ["kill -9"] },
  "kill engine": { strikes: ["engine"], lastsMs: AWAY_MS, ways: ["kill -9"] },
  "stop agent": { strikes: ["agent"], lastsMs: [1.25 * LEASE_MS, 2 * LEASE_MS], ways: ["SIGSTOP"] },
  "stop coordinator": { strikes: ["coordinator"], lastsMs: [1_000, 1.5 * LEASE_MS], ways: ["SIGSTOP"] },
  partition: {
    strikes: ["link"],
    lastsMs: [1_000, 2 * LEASE_MS],
    ways: ["both ways", "to the server", "to the client", "refused", "flapping"],
  },
  "wipe JetStream": { strikes: ["coordinator", "nats-server"], lastsMs: [0, 0], ways: ["its store deleted"] },
  "fill disk": { strikes: ["disk"], lastsMs: [2_000, 8_000], ways: ["the agent's"], needsRoot: true },
  "damage outbox": {
    strikes: ["agent", "link"],
    lastsMs: [0, 1_500],
    ways: ["a flipped byte", "cut short", "empty"],
  },
  "repeat result": { strikes: [], lastsMs: [1_000, 6_000], ways: ["at once", "later", "after the sweep"] },
  "step clock": {
    strikes: ["clock"],
    lastsMs: [2_000, 10_000],
    ways: ["a day ahead", "a day back", "an hour ahead", "an hour back"],
  },
} as const satisfies Readonly<Record<string, FaultKindFacts>>;

/** One of them. */
export type FaultKind = keyof typeof FAULT_KINDS;

/** The facts of a kind. */
export const factsOf = (kind: FaultKind): FaultKindFacts => FAULT_KINDS[kind];

/** The kinds that can be done here. */
export function possibleKinds(isRoot: boolean): FaultKind[] {
  return (Object.keys(FAULT_KINDS) as FaultKind[]).filter((kind) => isRoot || !factsOf(kind).needsRoot);
}
