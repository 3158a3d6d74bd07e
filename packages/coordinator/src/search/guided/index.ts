// guided: finds what the grid would have found with a fraction of its trials (search.md). Default, seeds, frontier,
// climb, race, confirm; every step follows from the observations alone, so that it goes on after any interruption.
import { Purpose } from "@ozone/proto/configuration";
import { configurationKey, describeConfiguration } from "@ozone/shared/configuration";
import { CONFIRMATION_SAMPLES_MIN } from "@ozone/shared/statistics/stopping";
import { confirmationProtocol } from "../grid.ts";
import { hopelessNote } from "../hopeless.ts";
import type { SearchState, SearchStep, Strategy } from "../strategy.ts";
import { believedOutcomes } from "./believing.ts";
import { mostDoubtful } from "./doubting.ts";
import { seenBy } from "./evidence.ts";
import { feasibility } from "./feasible.ts";
import { nextFrontier } from "./frontier.ts";
import { nextImprovement } from "./improving.ts";
import { type Knowledge, knowledgeOf, type Learn } from "./knowledge.ts";
import { finalists, nextInRace } from "./racing.ts";
import { nextSeed, seedCount } from "./seeding.ts";
import { type Space, type SpacePoint, spaceOf } from "./space.ts";
import { learn } from "./surrogate.ts";

/** Failures at the very start that end the search: nothing works here. */
const HOPELESS_AFTER = 4;
/** Most configurations tried, as a share of the grid; small grids need a few more, large ones fewer. */
const SHARE_SMALL = 0.13;
const SHARE_LARGE = 0.055;
const LARGE = 2_000;
const TRIALS_MIN = 18;

/** Most configurations that are tried, the default included. */
export function trialLimit(points: number, trialsMax: number): number {
  const share = points >= LARGE ? SHARE_LARGE : SHARE_SMALL;
  const limit = Math.max(TRIALS_MIN, Math.ceil(share * points));
  return Math.min(points + 1, trialsMax > 0 ? Math.min(trialsMax, limit) : limit);
}

const NOTHING_YET: SearchStep = { trials: [], notes: [] };

/** With less than this share of a time budget left, what leads is confirmed instead of searched on. */
const CONFIRMING_SHARE = 0.3;

/** Share of the time budget that is left; 1 without one. */
const budgetLeft = ({ budgetMs, observations }: SearchState): number =>
  budgetMs === 0 ? 1 : 1 - observations.reduce((sum, { elapsedMs }) => sum + elapsedMs, 0) / budgetMs;

const screen = (
  state: SearchState,
  point: Pick<SpacePoint, "configuration">,
  reason: string,
): SearchStep => ({
  trials: [{ configuration: point.configuration, purpose: Purpose.SCREEN, protocol: state.protocol, reason }],
  notes: [],
});

/** Picks of peers that are looked at, at most (search.md, 3). */
const PEERS_MAX = 3;

/** The default, and what serves others of the class best: planned at once, so that nothing later depends on the peers. */
function begin(state: SearchState, space: Space): SearchStep {
  const feasible = feasibility(state, space, new Map());
  // Their answers' length is how they were measured, not what they chose.
  const { numPredict } = space.base;
  const picks = new Set((state.peers ?? []).map((peer) => configurationKey({ ...peer, numPredict })));
  const points = [...picks].flatMap((key) => space.byKey.get(key) ?? []);
  const peers = points.filter((point) => point.key !== space.baseKey && feasible(point)).slice(0, PEERS_MAX);
  const first = screen(state, { configuration: space.base }, "the default, to compare with");
  const others = peers.map((peer) =>
    screen(state, peer, "a preset of its hardware class, to see whether it holds here"),
  );
  return { trials: [first, ...others].flatMap(({ trials }) => trials), notes: [] };
}

function nextPoint(state: SearchState, space: Space, knowledge: Knowledge): SearchStep | null {
  const { seen } = knowledge;
  const measured = [...seen.values()].filter(({ figures }) => figures !== null).length;
  if (measured < seedCount(space)) {
    const seed = nextSeed(state, space, knowledge);
    if (seed)
      return screen(state, seed, "one of the first points, drawn to learn what each option does here");
  }
  const frontier = knowledge.triesBeyond ? null : nextFrontier(state, space, knowledge);
  if (frontier) {
    const { numCtx } = frontier.configuration;
    return screen(state, frontier, `does num_ctx ${numCtx} work at all, with the least demanding options`);
  }
  const doubtful = mostDoubtful(space, knowledge);
  if (doubtful) {
    return screen(state, doubtful, "once more: it was slower than all the others lead to expect");
  }
  const candidate = nextImprovement(space, knowledge);
  return candidate ? screen(state, candidate.point, candidate.words) : null;
}

interface Views {
  /** What ended. */
  readonly ended: Knowledge;
  /** The same, and what is believed of trials that are running. */
  readonly believed: Knowledge;
}

/** Leaders are chosen by what ended, never by what is believed; what is being confirmed is not confirmed twice. */
function confirm(state: SearchState, space: Space, { ended, believed }: Views): SearchStep {
  const protocol = confirmationProtocol(state.protocol);
  const open = finalists(space, ended).filter(
    ({ seen: { key } }) => (believed.seen.get(key)?.confirmedSamples ?? 0) < CONFIRMATION_SAMPLES_MIN,
  );
  return {
    // With a budget one at a time: the next is only begun while there is time left.
    trials: (state.budgetMs > 0 ? open.slice(0, 1) : open).map(({ seen: { configuration }, words }) => ({
      configuration,
      purpose: Purpose.CONFIRM,
      protocol,
      reason: `confirms ${describeConfiguration(configuration)}: ${words}`,
    })),
    notes: [],
  };
}

const isConfirmation = ({ purpose }: { readonly purpose: Purpose }): boolean => purpose === Purpose.CONFIRM;

/**
 * Once it confirms, a search is over. Shared, it confirms while the last of its other trials are still running, and what
 * they say may open it again.
 */
const isOver = ({ observations, machines = 1 }: SearchState): boolean =>
  machines === 1 && observations.some(isConfirmation);

function nextStep(state: SearchState, learning: Learn): SearchStep {
  const space = spaceOf(state);
  const ended = seenBy(state.observations);
  const anything = [...ended.values()].some(({ figures }) => figures !== null);
  // Before anything is known there is nothing to believe of what is running.
  if (!anything && state.pending) return NOTHING_YET;
  const seen = state.pending ? seenBy(believedOutcomes(state, space, learning)) : ended;
  if (!seen.has(space.baseKey)) return begin(state, space);
  if (!anything && seen.size >= HOPELESS_AFTER) {
    return {
      trials: [],
      notes: [hopelessNote(state.observations)],
    };
  }
  const over = isOver(state);
  const left = budgetLeft(state);
  if (left <= 0) return { trials: [], notes: ["The time budget was used up before the search was over."] };
  const believed = knowledgeOf(state, space, { seen, learning });
  const leading = (): SearchStep =>
    confirm(state, space, {
      ended: state.pending ? knowledgeOf(state, space, { seen: ended, learning }) : believed,
      believed,
    });
  if (left < CONFIRMING_SHARE) return leading();
  if (!over && seen.size < trialLimit(space.points.length, state.trialsMax)) {
    const step = nextPoint(state, space, believed);
    if (step) return step;
  }
  const repeat = over ? null : nextInRace(space, believed);
  if (repeat) return screen(state, repeat.seen, repeat.words);
  // How far the context goes is not known yet: its answer opens the search again.
  if (believed.triesBeyond) return NOTHING_YET;
  // Half a round of confirmations would only make others look like leaders.
  if (state.pending?.some(isConfirmation)) return NOTHING_YET;
  return leading();
}

/** The guided search with something else in place of what it learns: for experiments that show what that is worth. */
export const guidedWith = (learning: Learn): Strategy => ({
  name: "guided",
  sharing: "while running",
  next: (state) => nextStep(state, learning),
});

/** The guided search. */
export const guided: Strategy = guidedWith(learn);
