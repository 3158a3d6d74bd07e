// Draws a schedule: which faults, on whom, at which moments, for how long. Pure: the same seed gives the same schedule.
import { seededRandom } from "@ozone/shared/statistics/seeded-random";
import { type FaultKind, factsOf, LEASE_MS, type Part } from "./fault-kinds.ts";

/** States between dispatch and receipt that a fault waits for. */
export const MOMENTS = ["order leased", "result in the outbox"] as const;
/** One of them. */
export type Moment = (typeof MOMENTS)[number];

/** One fault of a schedule. */
export interface Fault {
  readonly kind: FaultKind;
  readonly way: string;
  /** Place of the agent that it is about. */
  readonly agent: number;
  /** The observed state that it waits for. */
  readonly moment: Moment;
  /** And so long after that. */
  readonly delayMs: number;
  readonly lastsMs: number;
  /** It may begin while those before it last; otherwise it waits for their ends. */
  readonly overlaps: boolean;
}

/** Faults in the order in which they are begun. */
export interface Schedule {
  readonly number: number;
  readonly seed: string;
  readonly faults: readonly Fault[];
}

/** Agents of a schedule. */
export const AGENTS = 2;
/** Only this one has a small disk of its own. */
export const ON_SMALL_DISK = 0;
const FAULTS_MIN = 2;
const FAULTS_MAX = 4;
/** A trial takes about so long here. */
const TRIAL_MS = 1_500;
/** From the result on disk to its receipt. */
const RECEIPT_MS = 120;

/** Draws schedule `number` of a seed. */
export function drawSchedule(seed: string, number: number, kinds: readonly FaultKind[]): Schedule {
  const random = seededRandom(seed).fork(`schedule ${number}`);
  const between = (from: number, to: number) => Math.round(from + random.next() * (to - from));
  const drawFault = (): Fault => {
    const kind = random.pick(kinds);
    const { lastsMs, ways, strikes } = factsOf(kind);
    const moment = random.pick(MOMENTS);
    const agent = random.integer(AGENTS);
    return {
      kind,
      way: random.pick(ways),
      agent: strikes.includes("disk") ? ON_SMALL_DISK : agent,
      moment,
      delayMs: between(0, moment === "order leased" ? TRIAL_MS : RECEIPT_MS),
      lastsMs: between(...lastsMs),
      overlaps: random.next() < 0.5,
    };
  };
  const count = FAULTS_MIN + random.integer(FAULTS_MAX - FAULTS_MIN + 1);
  return { number, seed, faults: Array.from({ length: count }, drawFault) };
}

const OF_ONE_AGENT: ReadonlySet<Part> = new Set(["agent", "link", "engine", "disk", "clock"]);

/** What a fault takes hold of, by name: an agent's part is that of one agent. */
export const holdsOf = ({ kind, agent }: Fault): string[] =>
  factsOf(kind).strikes.map((part) => (OF_ONE_AGENT.has(part) ? `${part} ${agent}` : part));

/** One line for people: what, on whom, when, how long. */
export function describeFault(fault: Fault): string {
  const { kind, way, agent, moment, delayMs, lastsMs, overlaps } = fault;
  const ofAgent = holdsOf(fault).some((name) => name.endsWith(` ${agent}`));
  const whom = ofAgent ? ` of agent ${agent}` : "";
  const lasts = lastsMs > 0 ? `, lasts ${lastsMs} ms` : "";
  const when = `${delayMs} ms after "${moment}"${overlaps ? ", overlapping" : ""}`;
  return `${kind}${whom} (${way}), ${when}${lasts}`;
}

/** Short words for the line of a schedule. */
export const faultWords = ({ faults }: Schedule): string =>
  faults.map(({ kind, way }) => (kind === "partition" ? `partition ${way}` : kind)).join(" + ");

/** The longest that all faults of a schedule may take to begin and end. */
export const faultsLimitMs = ({ faults }: Schedule): number =>
  faults.reduce((sum, { lastsMs }) => sum + lastsMs + 10 * LEASE_MS, 0);
