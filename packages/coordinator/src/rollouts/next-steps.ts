// What a roll-out does next. Pure: the same state gives the same steps, each with its reason in words.
import {
  isOpen,
  type RolloutStateName,
  type RolloutView,
  type StopKind,
  type TargetStateName,
  type TargetView,
} from "./rollout-view.ts";

/** One step. Steps about a target move it to a state; the others are about the whole roll-out. */
export type Step =
  | {
      readonly do: "move";
      readonly position: number;
      readonly to: TargetStateName;
      readonly because: string;
      readonly canary?: boolean;
    }
  | { readonly do: "stop"; readonly kind: StopKind; readonly because: string }
  | { readonly do: "end"; readonly state: RolloutStateName; readonly because: string };

/** A machine that has said nothing of its order for so long is not waited for: far above any pause of an agent. */
export const ANSWER_LIMIT_MS = 30 * 60_000;

/** The steps that are due now; none: wait. Take them and ask again until none is left. */
export function nextSteps(rollout: RolloutView): Step[] {
  const silent = rollout.targets.filter((target) => isOpen(target) && target.silentMs >= ANSWER_LIMIT_MS);
  if (silent.length > 0) return silent.map(giveUp);
  if (rollout.stopped !== null) return stopping(rollout, rollout.stopped);
  const regressed = rollout.targets.find(({ state }) => state === "rolled back");
  if (regressed !== undefined) return [stopAfter(regressed)];
  return goingOn(rollout);
}

/** Applying is given up; taking back is owed, and done when the machine is heard again. */
function giveUp({ position, name, state }: TargetView): Step {
  const minutes = ANSWER_LIMIT_MS / 60_000;
  const said = `${name} has not answered for ${minutes} minutes`;
  return state === "sent"
    ? { do: "move", position, to: "no answer", because: `${said}; what it says later still counts.` }
    : {
        do: "move",
        position,
        to: "still to take back",
        because: `${said}; it will be told when it is there again.`,
      };
}

const stopAfter = ({ name, because, canary }: TargetView): Step => ({
  do: "stop",
  kind: "regression",
  because: `The promised gain was not there on ${canary ? "the canary " : ""}${name}: ${because}`,
});

const ENDS: Readonly<Record<StopKind, RolloutStateName>> = {
  regression: "rolled back",
  cancelled: "cancelled",
  undone: "undone",
};

function stopping({ keepKept, targets }: RolloutView, stopped: NonNullable<RolloutView["stopped"]>): Step[] {
  const moves = targets.flatMap((target): Step[] => {
    if (target.state === "planned") {
      const because = "The roll-out was stopped before.";
      return [{ do: "move", position: target.position, to: "not sent", because }];
    }
    return target.state !== "kept" || keepKept ? [] : [takeBack(target, stopped.because)];
  });
  if (moves.length > 0) return moves;
  if (targets.some(isOpen)) return [];
  const because = stopped.kind === "undone" ? undoneWords(targets) : stopped.because;
  return [{ do: "end", state: ENDS[stopped.kind], because }];
}

/** Nobody waits for a machine that has long been away: it is owed the roll-back, also after the end. */
const takeBack = ({ position, away, longAway }: TargetView, because: string): Step =>
  longAway
    ? {
        ...{ do: "move", position, to: "still to take back" },
        because: `${away ?? ""} It will be told when it is there again.`.trim(),
      }
    : { do: "move", position, to: "taking back", because };

function undoneWords(targets: readonly TargetView[]): string {
  const count = (...states: TargetStateName[]) =>
    targets.filter(({ state }) => states.includes(state)).length;
  const back = count("taken back");
  const left = count("still to take back", "not taken back");
  return `It was undone: taken back on ${back} of ${back + left} machines.`;
}

function goingOn(rollout: RolloutView): Step[] {
  const { targets, parallel } = rollout;
  const planned = targets.filter(({ state }) => state === "planned");
  const open = targets.filter(isOpen).length;
  if (planned.length === 0) return open > 0 ? [] : [endOf(targets)];
  const ready = planned.filter(({ away }) => away === null);
  if (!targets.some(({ state }) => state === "kept")) {
    return open > 0 ? [] : canaryStep(rollout, ready, planned);
  }
  const sent = ready.slice(0, Math.max(0, parallel - open)).map(
    ({ position }): Step => ({
      do: "move",
      position,
      to: "sent",
      because: "The canary kept the preset.",
    }),
  );
  if (sent.length > 0 || open > 0) return sent;
  return leaveOut(planned);
}

/** The one that was asked for, if it is there; else the first that is. */
function canaryStep(
  rollout: RolloutView,
  ready: readonly TargetView[],
  planned: readonly TargetView[],
): Step[] {
  const asked = planned.find(({ position }) => position === rollout.canary);
  if (asked !== undefined && asked.away !== null) return asked.longAway ? leaveOut([asked]) : [];
  const next = asked ?? ready[0];
  if (next === undefined) return leaveOut(planned);
  const because = whyCanary(rollout, next);
  return [{ do: "move", position: next.position, to: "sent", canary: true, because }];
}

function whyCanary({ targets, canary }: RolloutView, { position }: TargetView): string {
  const before = targets.filter(
    (target) => target.canary || (target.position === canary && target.state === "left out"),
  );
  if (before.length > 0) {
    const what = before.map(({ name, state, because }) => `${name} (${state}: ${because})`).join("; ");
    return `The next canary, after ${what}`;
  }
  return position === canary ? "The canary, as asked for." : "The canary: the first machine that is there.";
}

const leaveOut = (targets: readonly TargetView[]): Step[] =>
  targets
    .filter(({ longAway }) => longAway)
    .map(({ position, away }) => ({ do: "move", position, to: "left out", because: away ?? "" }));

function endOf(targets: readonly TargetView[]): Step {
  const kept = targets.filter(({ state }) => state === "kept").length;
  const because = `${kept} of ${targets.length} machines kept the preset.`;
  if (kept === 0) return { do: "end", state: "not applied", because };
  return { do: "end", state: kept === targets.length ? "kept" : "partly kept", because };
}
