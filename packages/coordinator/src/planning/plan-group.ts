// Machines of a class that share one search: who does what next. Each machine's references and what its drift spoilt are
// its own; everything else is handed to whoever is free. Pure: it follows from the rows, so that it goes on after a kill.
import { Purpose } from "@ozone/proto/configuration";
import { OzoneError } from "@ozone/shared/errors";
import type { Objective } from "@ozone/shared/objective";
import { referenceTrial } from "../search/reference.ts";
import { type HandOut, handOut } from "../search/sharing/hand-out.ts";
import { strategyNamed } from "../search/strategies.ts";
import type { AddedTrial, GroupPlan, GroupState, MovedTrial } from "../store/group-state.ts";
import type { PlannedTrial, TrialRow } from "../store/trials.ts";
import { driftedTrials, identityOf, isOpenStretch, referenceDue } from "./drift.ts";
import { memberChanges, namedIn } from "./group-notes.ts";
import { type GroupSearch, givenBack, groupSearch, type Member, memberOf } from "./group-search.ts";
import { presenceOf } from "./member-presence.ts";
import { canAffordReferences, canClose, isOpen, reasonBetween } from "./references.ts";

const isConfirmation = ({ purpose }: Pick<PlannedTrial, "purpose">): boolean => purpose === Purpose.CONFIRM;
const isReference = ({ purpose }: Pick<PlannedTrial, "purpose">): boolean => purpose === Purpose.REFERENCE;

const isHere = ({ presence, left }: Member): boolean => presence.kind === "here" && !left;
const isFree = (member: Member): boolean => isHere(member) && !member.rows.some(isOpen);

const reference = ({ target, search }: Member, reason: string): AddedTrial => ({
  targetId: target.id,
  trial: referenceTrial(search, reason),
});

/** What a free machine does before it is handed anything: its reference, and again what its drift spoilt. */
function ownTrials(member: Member): AddedTrial[] {
  const { target, rows, results, search } = member;
  if (rows.length === 0) return [reference(member, "the drift reference, at the start")];
  const { repeats } = driftedTrials(rows, results);
  if (repeats.length > 0) return repeats.map((trial) => ({ targetId: target.id, trial }));
  const due = canAffordReferences(search) ? referenceDue(rows) : null;
  return due === null ? [] : [reference(member, due)];
}

/** A reference between trials that a machine has planned already, when one is due. */
function betweenTrials(member: Member): AddedTrial[] {
  const reason = member.left || member.presence.kind === "gone" ? null : reasonBetween(member.rows);
  return reason === null ? [] : [reference(member, reason)];
}

/** What drift took of machines that are gone, and nobody else has measured: for whoever is free. */
function lostWithGone(members: readonly Member[], waiting: readonly TrialRow[]): PlannedTrial[] {
  return members.flatMap((member) => {
    if (member.presence.kind !== "gone" || member.left) return [];
    const others = members.filter((other) => other !== member && !other.left).flatMap(({ rows }) => rows);
    const known = new Set([...others, ...waiting].map(identityOf));
    const repeats = driftedTrials(member.rows, member.results).repeats;
    const open = member.rows.filter(isOpen).map(identityOf);
    return repeats.filter((trial) => !known.has(identityOf(trial)) && !open.includes(identityOf(trial)));
  });
}

/** Everything that a plan is made from. */
interface Table extends GroupSearch {
  readonly members: readonly Member[];
  readonly waiting: readonly TrialRow[];
  readonly own: readonly AddedTrial[];
  readonly step: HandOut;
}

function tableOf(state: GroupState, members: readonly Member[]): Table {
  const { strategy: name } = state.sweep.request;
  const strategy = strategyNamed(name);
  if (!strategy?.sharing) {
    throw new OzoneError(
      "internal",
      `Sweep ${state.sweep.id} shares the strategy ${name}, which can't be shared.`,
    );
  }
  const { waiting } = state;
  const own = [...members.filter(isFree).flatMap(ownTrials), ...members.flatMap(betweenTrials)];
  const search = groupSearch(members, { waiting, own, lost: lostWithGone(members, waiting) });
  return { ...search, members, waiting, own, step: handOut(strategy, search.shared) };
}

/**
 * References that go before the first confirmations are chosen: they may show that what leads was lucky. Null: the
 * choice may be made.
 */
function beforeConfirming({ members, waiting, own, step, rowOf }: Table): AddedTrial[] | null {
  const fresh = [...step.trials, ...step.waiting].flatMap(({ proposal }) =>
    rowOf.has(proposal) ? [] : [proposal],
  );
  const rows = [...members.flatMap((member) => member.rows), ...waiting];
  if (!fresh.some(isConfirmation) || rows.some(isConfirmation)) return null;
  const busy = new Set(own.map(({ targetId }) => targetId));
  const closing = members.filter(
    (member) => isFree(member) && !busy.has(member.target.id) && canClose(member.search, member.rows),
  );
  const underWay =
    own.some(({ trial }) => isReference(trial)) ||
    members.some(
      (member) =>
        member.presence.kind !== "gone" && member.rows.some((row) => isOpen(row) && isReference(row)),
    );
  if (closing.length === 0 && !underWay) return null;
  return closing.map((member) => reference(member, "the drift reference, before the confirmations"));
}

/** What the step hands out: new trials, and waiting ones that change hands. */
function handed({ members, step, rowOf }: Table): { added: AddedTrial[]; moved: MovedTrial[] } {
  const targets = new Map(members.map(({ id, target }) => [id, target.id]));
  const targetIdOf = (machine: string | null) => (machine === null ? null : (targets.get(machine) ?? null));
  const added: AddedTrial[] = [];
  const moved: MovedTrial[] = [];
  for (const { machine, proposal } of [...step.trials, ...step.waiting]) {
    const row = rowOf.get(proposal);
    const targetId = targetIdOf(machine);
    if (!row) added.push({ targetId, trial: { ...proposal, reason: namedIn(proposal.reason, members) } });
    else if (targetId !== null || !row.forAnyone) moved.push({ targetId, trial: row });
  }
  return { added, moved };
}

/** Each machine's stretch is closed by a reference before it confirms for the first time. */
function beforeOwnConfirmations(
  { members }: Table,
  given: readonly { readonly targetId: number | null; readonly trial: PlannedTrial }[],
): AddedTrial[] {
  return members.flatMap((member) => {
    const { target, rows, search } = member;
    const begins = given.some(({ targetId, trial }) => targetId === target.id && isConfirmation(trial));
    if (!begins || rows.some(isConfirmation) || rows.some((row) => isOpen(row) && isReference(row)))
      return [];
    const open = isOpenStretch(rows) || rows.some(isOpen);
    return open && canAffordReferences(search)
      ? [reference(member, "the drift reference, before the confirmations")]
      : [];
  });
}

/** Planned trials that nobody runs: of machines that are gone what is not given to others, of an odd one everything. */
function cancelledOf(
  { members, waiting }: Pick<Table, "members" | "waiting">,
  step: HandOut | null,
): TrialRow[] {
  const odd = new Set(step?.pool.odd.map(({ machine }) => machine));
  return members.flatMap((member) => {
    const { id, left, presence, rows } = member;
    const out = left || odd.has(id);
    const given = givenBack(member, members, waiting);
    return rows.filter(
      (row) => row.state === "planned" && !given.includes(row) && (out || presence.kind === "gone"),
    );
  });
}

/** References that the machines still owe when nothing is left to measure. */
const atTheEnd = ({ members }: Table): AddedTrial[] =>
  members
    .filter((member) => isHere(member) && canClose(member.search, member.rows))
    .map((member) => reference(member, "the drift reference, at the end"));

/** Machines that will owe one when they are heard again. */
const isWaitedFor = ({ presence, left, search, rows }: Member): boolean =>
  presence.kind === "silent" && !left && canClose(search, rows);

interface Planned extends Omit<GroupPlan, "members"> {
  readonly step: HandOut | null;
  readonly finished: boolean;
}

function plan(table: Table): Planned {
  const { own, step, members } = table;
  const first = beforeConfirming(table);
  if (first) {
    const cancelled = cancelledOf(table, null);
    return { added: [...own, ...first], moved: [], cancelled, step: null, finished: false };
  }
  const { added, moved } = handed(table);
  const before = beforeOwnConfirmations(table, [...added, ...moved]);
  const last = step.finished ? atTheEnd(table) : [];
  return {
    added: [...own, ...before, ...added, ...last],
    moved,
    cancelled: cancelledOf(table, step),
    step,
    finished: step.finished && last.length === 0 && !members.some(isWaitedFor),
  };
}

/** The next step of a group. All of the answer empty: there is nothing to do until a row changes. */
export function planGroup(state: GroupState, objectives: readonly Objective[]): GroupPlan {
  const members = state.members.map((member) => memberOf(member, state, objectives));
  const searched = members.every(({ left, target }) => left || target.finished);
  const { step, finished, ...planned } = searched
    ? {
        added: [],
        moved: [],
        cancelled: cancelledOf({ members, waiting: state.waiting }, null),
        step: null,
        finished: true,
      }
    : plan(tableOf(state, members));
  return { ...planned, members: memberChanges(members, state, { step, moved: planned.moved, finished }) };
}

/** Everything that `planGroup` decides by but the results, which change with the rows alone. */
export function standingOf(state: GroupState): string {
  const rows = (trials: readonly TrialRow[]) =>
    trials.map(({ id, state: is, attempt }) => `${id} ${is} ${attempt}`);
  return JSON.stringify([
    state.members.map((member) => [
      member.target.id,
      member.target.finished,
      member.target.oddSince !== null,
      presenceOf(member, state.sweep, state.presence),
      rows(member.trials),
    ]),
    rows(state.waiting),
  ]);
}
