// The decisions of a roll-out, by hand and on made fleets that answer as they like.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ANSWER_LIMIT_MS, nextSteps, type Step } from "./next-steps.ts";
import { isOpen, type RolloutStateName, type RolloutView, type TargetView } from "./rollout-view.ts";

const target = (position: number, change: Partial<TargetView> = {}): TargetView => ({
  position,
  name: `lab-${position}`,
  state: "planned",
  because: "",
  canary: false,
  away: null,
  longAway: false,
  silentMs: 0,
  ...change,
});
const rollout = (targets: readonly TargetView[], change: Partial<RolloutView> = {}): RolloutView => ({
  stopped: null,
  keepKept: false,
  parallel: 1,
  canary: null,
  targets,
  ...change,
});
const AWAY = { away: "it has not been heard", longAway: true };
const moves = (steps: readonly Step[]) =>
  steps.map((step) => (step.do === "move" ? `${step.position} ${step.to}` : step.do));

describe("the next steps of a roll-out", () => {
  it("begin with the first machine that is there, and wait for it", () => {
    const [first, ...more] = nextSteps(rollout([target(0, AWAY), target(1), target(2)]));
    expect([first, more]).toEqual([
      {
        do: "move",
        position: 1,
        to: "sent",
        canary: true,
        because: "The canary: the first machine that is there.",
      },
      [],
    ]);
    expect(nextSteps(rollout([target(0), target(1, { state: "sent" }), target(2)]))).toEqual([]);
  });

  it("begin with the machine that was asked for, and take the next one when it is not there", () => {
    const fleet = (change: Partial<TargetView>) =>
      rollout([target(0), target(1), target(2, change)], { canary: 2 });
    expect(moves(nextSteps(fleet({})))).toEqual(["2 sent"]);
    expect(moves(nextSteps(fleet(AWAY)))).toEqual(["2 left out"]);
    const [step] = nextSteps(fleet({ state: "left out", because: "it has not been heard" }));
    expect(step).toMatchObject({
      position: 0,
      canary: true,
      because: "The next canary, after lab-2 (left out: it has not been heard)",
    });
  });

  it("take the next canary, and say so, when one could not apply it", () => {
    const failed = target(0, { state: "not applied", because: "The model is not installed.", canary: true });
    const [step] = nextSteps(rollout([failed, target(1)]));
    expect(step).toMatchObject({
      position: 1,
      canary: true,
      because: "The next canary, after lab-0 (not applied: The model is not installed.)",
    });
  });

  it("send to as many at once as may be, once the canary kept it", () => {
    const kept = target(0, { state: "kept", canary: true });
    const others = [target(1, { state: "sent" }), target(2), target(3), target(4)];
    expect(moves(nextSteps(rollout([kept, ...others], { parallel: 3 })))).toEqual(["2 sent", "3 sent"]);
    expect(nextSteps(rollout([kept, ...others]))).toEqual([]);
  });

  it("stop at a regression, send nothing more, and take back what was kept", () => {
    const targets = [
      target(0, { state: "kept", canary: true }),
      target(1, { state: "rolled back", because: "promised 0.8, re-measured 1.1" }),
      target(2, { state: "sent" }),
      target(3),
    ];
    const [stop] = nextSteps(rollout(targets, { parallel: 2 }));
    expect(stop).toEqual({
      do: "stop",
      kind: "regression",
      because: "The promised gain was not there on lab-1: promised 0.8, re-measured 1.1",
    });
    const stopped = { kind: "regression", because: "no gain" } as const;
    expect(moves(nextSteps(rollout(targets, { stopped })))).toEqual(["0 taking back", "3 not sent"]);
    expect(moves(nextSteps(rollout(targets, { stopped, keepKept: true })))).toEqual(["3 not sent"]);
  });

  it("take back, when it is undone, what was kept, owe it to who is away, and end with a count of it", () => {
    const undone = { stopped: { kind: "undone", because: "It was undone." } } as const;
    const targets = [
      target(0, { state: "kept", canary: true }),
      target(1, { state: "kept", away: "The machine is offline.", longAway: true }),
      target(2, { state: "not applied" }),
      target(3, { state: "kept", away: "The machine is offline." }),
    ];
    expect(nextSteps(rollout(targets, undone))).toEqual([
      { do: "move", position: 0, to: "taking back", because: "It was undone." },
      {
        ...{ do: "move", position: 1, to: "still to take back" },
        because: "The machine is offline. It will be told when it is there again.",
      },
      { do: "move", position: 3, to: "taking back", because: "It was undone." },
    ]);
    const states = ["taken back", "still to take back", "not applied", "not taken back"] as const;
    const after = states.map((state, position) => target(position, { state }));
    expect(nextSteps(rollout(after, undone))).toEqual([
      { do: "end", state: "undone", because: "It was undone: taken back on 1 of 3 machines." },
    ]);
  });

  it("give up who does not answer, without counting it as a regression, and owe it the roll-back", () => {
    const silent = { silentMs: ANSWER_LIMIT_MS };
    const targets = [
      target(0, { state: "sent", canary: true, ...silent }),
      target(1, { state: "taking back", ...silent }),
      target(2),
    ];
    expect(moves(nextSteps(rollout(targets)))).toEqual(["0 no answer", "1 still to take back"]);
  });

  it("leave out who is away only when nobody else is left, and not while it may come back", () => {
    const kept = target(0, { state: "kept" });
    expect(moves(nextSteps(rollout([kept, target(1, AWAY), target(2)])))).toEqual(["2 sent"]);
    expect(moves(nextSteps(rollout([kept, target(1, AWAY)])))).toEqual(["1 left out"]);
    expect(nextSteps(rollout([kept, target(1, { ...AWAY, longAway: false })]))).toEqual([]);
  });
});

/** What a machine of a made fleet will say. */
const answers = fc.constantFrom("kept", "kept", "kept", "rolled back", "not applied", "silent", "away");
const fleets = fc.record({
  answers: fc.array(answers, { minLength: 1, maxLength: 8 }),
  parallel: fc.integer({ min: 1, max: 4 }),
  keepKept: fc.boolean(),
  canary: fc.option(fc.nat(7)),
  cancelAt: fc.option(fc.nat(12)),
  /** Somebody undoes it where it was kept, and so many machines are away by then. */
  undo: fc.option(fc.nat(8)),
  picks: fc.array(fc.nat(7), { minLength: 40, maxLength: 40 }),
});
type Fleet = typeof fleets extends fc.Arbitrary<infer Value> ? Value : never;

interface Played {
  readonly end: RolloutStateName;
  readonly targets: readonly TargetView[];
  readonly stoppedBy: string | null;
}

/** Plays a fleet to its end, checking at every step what must never be. */
function play(fleet: Fleet): Played {
  let view = rollout(
    fleet.answers.map((answer, position) => target(position, answer === "away" ? AWAY : {})),
    { parallel: fleet.parallel, keepKept: fleet.keepKept, canary: fleet.canary },
  );
  const put = (position: number, change: Partial<TargetView>) => {
    const targets = view.targets.map((one) => (one.position === position ? { ...one, ...change } : one));
    view = { ...view, targets };
  };
  for (let turn = 0; turn < 200; turn += 1) {
    const steps = nextSteps(view);
    for (const step of steps) {
      if (step.do === "end") {
        const { targets, stopped } = view;
        const { undo } = fleet;
        if (undo === null || stopped?.kind === "undone" || !targets.some(({ state }) => state === "kept"))
          return { end: step.state, targets, stoppedBy: stopped?.kind ?? null };
        view = { ...view, stopped: { kind: "undone", because: "asked" }, keepKept: false };
        for (const { position } of targets.slice(0, undo)) put(position, AWAY);
        continue;
      }
      if (step.do === "stop") {
        view = { ...view, stopped: step };
        continue;
      }
      if (step.to === "sent") checkSending(view);
      const { position, to: state, because, canary = false } = step;
      put(position, { state, because, ...(canary ? { canary } : {}), silentMs: 0 });
    }
    if (steps.length > 0) continue;
    if (fleet.cancelAt === turn && view.stopped === null) {
      view = { ...view, stopped: { kind: "cancelled", because: "asked" } };
      continue;
    }
    answerOne(view, fleet, turn, put);
  }
  throw new Error(`It does not end: ${JSON.stringify(view)}`);
}

function checkSending({ targets, stopped, parallel }: RolloutView): void {
  const kept = targets.some(({ state }) => state === "kept");
  const open = targets.filter(isOpen).length;
  expect(stopped).toBeNull();
  expect(open).toBeLessThan(kept ? parallel : 1);
  expect(targets.some(({ state }) => state === "rolled back")).toBe(false);
}

function answerOne(
  view: RolloutView,
  { answers: all, picks }: Fleet,
  turn: number,
  put: (position: number, change: Partial<TargetView>) => void,
): void {
  const open = view.targets.filter(isOpen);
  const one = open[(picks[turn % picks.length] ?? 0) % Math.max(1, open.length)];
  if (one === undefined) throw new Error(`Nothing is due and nobody has to answer: ${JSON.stringify(view)}`);
  const answer = all[one.position];
  put(one.position, answerOf(one, answer ?? "kept"));
}

function answerOf({ state }: TargetView, answer: Fleet["answers"][number]): Partial<TargetView> {
  if (answer === "silent" || answer === "away") return { silentMs: ANSWER_LIMIT_MS };
  return { state: state === "taking back" ? "taken back" : answer };
}

describe("any roll-out", () => {
  it("ends, with one outcome for each machine, nothing sent beside the canary or after a stop, and all or none kept", () => {
    fc.assert(
      fc.property(fleets, (fleet) => {
        const { end, targets, stoppedBy } = play(fleet);
        const states = targets.map(({ state }) => state);
        expect(states.filter((state) => ["planned", "sent", "taking back"].includes(state))).toEqual([]);
        if (stoppedBy !== null && (!fleet.keepKept || stoppedBy === "undone"))
          expect(states).not.toContain("kept");
        expect(end === "undone").toBe(stoppedBy === "undone");
        if (states.includes("rolled back") && (stoppedBy === null || stoppedBy === "regression"))
          expect(end).toBe("rolled back");
        if (end === "kept") expect(new Set(states)).toEqual(new Set(["kept"]));
        if (end === "not applied") expect(states).not.toContain("kept");
      }),
      { numRuns: 2_000 },
    );
  });
});
