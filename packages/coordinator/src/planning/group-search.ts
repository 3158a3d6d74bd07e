// Rows of machines that share a search -> the search as sharing sees it, and which rows its proposals came from. Pure.
import { Purpose } from "@ozone/proto/configuration";
import type { Objective } from "@ozone/shared/objective";
import type { MachineObservation, SharedSearch, WaitingTrial } from "../search/sharing/shared-search.ts";
import type { Proposal, SearchState } from "../search/strategy.ts";
import type { AddedTrial, GroupMember, GroupState } from "../store/group-state.ts";
import type { PlannedTrial, TrialRow } from "../store/trials.ts";
import { identityOf, unsettledTrials } from "./drift.ts";
import { type MemberPresence, presenceOf } from "./member-presence.ts";
import { isOpen } from "./references.ts";
import { searchStateOf } from "./search-state.ts";

/** A machine of the group with what follows from its rows. */
export interface Member extends GroupMember {
  readonly id: string;
  readonly name: string;
  readonly presence: MemberPresence;
  /** It was found to be odd. */
  readonly left: boolean;
  /** Its trials but for those that were given back. */
  readonly rows: readonly TrialRow[];
  /** Its own: observations are those of `rows`, in their order. */
  readonly search: SearchState;
}

/** Puts a member together. */
export function memberOf(member: GroupMember, state: GroupState, objectives: readonly Objective[]): Member {
  const { target, machine, trials, results } = member;
  const { sweep, peers = [], presence } = state;
  const rows = trials.filter((trial) => trial.state !== "cancelled");
  return {
    ...member,
    id: machine.id,
    name: machine.announcement.name,
    presence: presenceOf(member, sweep, presence),
    left: target.oddSince !== null,
    rows,
    search: searchStateOf({ sweep, target, machine, trials: rows, results, peers }, objectives),
  };
}

/** The group's search with the rows that its proposals stand for. */
export interface GroupSearch {
  readonly shared: SharedSearch;
  readonly rowOf: ReadonlyMap<Proposal, TrialRow>;
}

interface Ended {
  readonly row: TrialRow;
  readonly observation: MachineObservation;
}

/** What ended on a machine. Of a trial that drift took and that is measured again nothing is known until then. */
function endedOn({ id, rows, results, search }: Member): Ended[] {
  const unsettled = new Set(unsettledTrials(rows, results));
  return rows.flatMap((row, index) => {
    const observation = search.observations[index];
    if (isOpen(row) || unsettled.has(row) || !observation) return [];
    return [{ row, observation: { ...observation, machine: id } }];
  });
}

const inOrderOfEnd = (a: Ended, b: Ended): number =>
  (a.row.endedAt?.getTime() ?? 0) - (b.row.endedAt?.getTime() ?? 0) || (a.row.id < b.row.id ? -1 : 1);

const isReference = ({ purpose }: Pick<TrialRow, "purpose">): boolean => purpose === Purpose.REFERENCE;

/** Whether a row is the machine's to run: a planned one of a machine that is gone, or out, is not. */
const isHeld = ({ presence, left }: Member, row: TrialRow): boolean =>
  row.state === "running" || (row.state === "planned" && presence.kind !== "gone" && !left);

/**
 * Planned rows of a machine that is gone, for others to measure: every part of a confirmation, and of the rest what
 * nobody else measures (its anchor trials are the others' as well).
 */
export function givenBack(
  member: Member,
  members: readonly Member[],
  waiting: readonly TrialRow[],
): TrialRow[] {
  if (member.presence.kind !== "gone" || member.left) return [];
  const others = members.flatMap((one) => (one === member || one.left ? [] : one.rows));
  const known = new Set([...others, ...waiting].map(identityOf));
  return member.rows.filter(
    (row) =>
      row.state === "planned" &&
      !isReference(row) &&
      (row.purpose === Purpose.CONFIRM || !known.has(identityOf(row))),
  );
}

/** Machines that take part: one that was never there has no say in who is odd. */
const takesPart = ({ presence, rows }: Member): boolean => presence.kind !== "gone" || rows.length > 0;

/** What machines make for themselves now, what waits for anyone, and what drift took of machines that are gone. */
export interface BesideRows {
  readonly own: readonly AddedTrial[];
  readonly waiting: readonly TrialRow[];
  readonly lost: readonly PlannedTrial[];
}

/** The shared search. */
export function groupSearch(members: readonly Member[], { own, waiting, lost }: BesideRows): GroupSearch {
  const rowOf = new Map<Proposal, TrialRow>();
  const proposalOf = (row: TrialRow): Proposal => {
    const { configuration, purpose, protocol, reason } = row;
    const proposal = { configuration, purpose, protocol, reason };
    rowOf.set(proposal, row);
    return proposal;
  };
  const taking = members.filter(takesPart);
  const machineOf = new Map(members.map(({ target, id }) => [target.id, id]));
  const running = taking.flatMap((member) =>
    member.rows
      .filter((row) => isHeld(member, row))
      .map((row) => ({ machine: member.id, proposal: proposalOf(row) })),
  );
  const toOthers = members.flatMap((member): WaitingTrial[] =>
    givenBack(member, members, waiting).map((row) => ({ machine: member.id, proposal: proposalOf(row) })),
  );
  const first = members.find(({ presence }) => presence.kind !== "gone") ?? members[0];
  if (!first) throw new RangeError("A group has members.");
  const shared: SharedSearch = {
    search: { ...first.search, observations: [] },
    machines: taking.map(({ id }) => id),
    away: taking.filter(({ presence }) => presence.kind !== "here").map(({ id }) => id),
    left: taking.filter(({ left }) => left).map(({ id }) => id),
    observations: taking
      .flatMap(endedOn)
      .sort(inOrderOfEnd)
      .map(({ observation }) => observation),
    running: [
      ...running,
      ...own.map(({ targetId, trial }) => ({ machine: machineOf.get(targetId ?? 0) ?? "", proposal: trial })),
    ],
    waiting: [
      ...toOthers,
      ...waiting.map((row) => ({ machine: null, proposal: proposalOf(row) })),
      ...lost.map((proposal) => ({ machine: null, proposal })),
    ],
  };
  return { shared, rowOf };
}
