// What becomes of the machines of a group, with what there is to say of each, in words. Pure.
import type { HandOut } from "../search/sharing/hand-out.ts";
import type { GroupState, MemberChange, MovedTrial } from "../store/group-state.ts";
import { driftedTrials } from "./drift.ts";
import { fitToTarget } from "./fit-to-target.ts";
import type { Member } from "./group-search.ts";

/** What was decided. */
export interface Decided {
  /** Null: nothing was handed out. */
  readonly step: HandOut | null;
  readonly moved: readonly MovedTrial[];
  /** Nothing is left to measure, and every stretch is closed. */
  readonly finished: boolean;
}

/** Machines by their names, where a sentence has their ids. */
export function namedIn(text: string, members: readonly Member[]): string {
  const names = new Map(members.map(({ id, name }) => [id, name]));
  return text.replace(/[\w-]+/g, (word) => names.get(word) ?? word);
}

/** So many names keep a sentence one. */
const SHOWN_MAX = 8;

const listed = (names: readonly string[]): string =>
  names.length > SHOWN_MAX
    ? `${names.slice(0, SHOWN_MAX).join(", ")} and ${names.length - SHOWN_MAX} more`
    : `${names.slice(0, -1).join(", ")} and ${names.at(-1) ?? ""}`;

/** Said once, before the first trial. */
function sharingWords({ members, waiting }: GroupState): string[] {
  const begun = waiting.length > 0 || members.some(({ trials }) => trials.length > 0);
  const [first] = members;
  if (begun || !first) return [];
  const names = listed(members.map(({ machine }) => machine.announcement.name));
  return [
    `${names} share one search of ${first.target.modelName}: they are of the class ${first.machine.announcement.hardwareClass}.`,
  ];
}

function notesOf(member: Member, state: GroupState, { step, moved, finished }: Decided): string[] {
  const { id, name, target, machine, presence, left, rows, results } = member;
  const isFirst = state.members[0]?.target.id === target.id;
  const gave =
    presence.kind === "gone" && moved.some(({ trial }) => trial.targetId === target.id && !trial.forAnyone);
  return [
    ...(isFirst ? [...sharingWords(state), ...(step?.notes ?? [])] : []),
    ...(member.trials.length === 0
      ? fitToTarget(state.sweep.request, machine.announcement, target.modelDigest).notes
      : []),
    ...(step?.pool.odd ?? []).flatMap((odd) => (odd.machine === id ? [namedIn(odd.words, [member])] : [])),
    ...(gave ? [`${name} left what it had not begun to the others: ${presence.because}.`] : []),
    ...(finished && !left ? driftedTrials(rows, results).notes : []),
  ];
}

/** Changes of the members that change. */
export function memberChanges(
  members: readonly Member[],
  state: GroupState,
  decided: Decided,
): MemberChange[] {
  const oddNow = new Set((decided.step?.pool.odd ?? []).map(({ machine }) => machine));
  return members.flatMap((member): MemberChange[] => {
    const { id, target, left, rows } = member;
    const odd = oddNow.has(id) && !left;
    const ended = left || odd ? !rows.some(({ state: is }) => is === "running") : decided.finished;
    const finished = target.finished || ended;
    const notes = notesOf(member, state, decided).filter((note) => !target.notes.includes(note));
    const changes = notes.length > 0 || odd || finished !== target.finished;
    return changes ? [{ targetId: target.id, finished, odd, notes }] : [];
  });
}
