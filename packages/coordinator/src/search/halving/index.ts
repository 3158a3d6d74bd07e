// halving: many configurations with one sample each, then the better half with twice the samples, and so on, then the
// leaders confirmed (successive halving: K. Jamieson, A. Talwalkar, AISTATS 2016). A rung keeps whatever leads for any of
// the objectives. Only the number of samples grows: a small context never stands for a large one, because the context is
// what the presets choose.
import { create } from "@bufbuild/protobuf";
import { ProtocolSchema, Purpose } from "@ozone/proto/configuration";
import { configurationKey, describeConfiguration } from "@ozone/shared/configuration";
import { SAMPLES_PER_ATTEMPT_MAX } from "@ozone/shared/limits";
import { CONFIRMATION_SAMPLES_MIN } from "@ozone/shared/statistics/stopping";
import { chooseFinalists, type Finalist } from "../finalists.ts";
import { confirmationProtocol } from "../grid.ts";
import { type Seen, seenBy } from "../guided/evidence.ts";
import { feasibility } from "../guided/feasible.ts";
import { nextFrontier } from "../guided/frontier.ts";
import { goalsOf, ranking } from "../guided/scores.ts";
import { type Space, type SpacePoint, spaceOf } from "../guided/space.ts";
import { hopelessNote } from "../hopeless.ts";
import { impossibleNotes } from "../option-space.ts";
import type { Proposal, SearchState, SearchStep, Strategy } from "../strategy.ts";
import { drawOrder } from "./drawing.ts";
import { lastRungObservations, type Member, presentRung, type Rung, screened } from "./rungs.ts";

/** Failures at the very start that end the search: nothing works here. */
const HOPELESS_AFTER = 4;
/** Configurations drawn, as a share of the grid, when nobody says how many; small grids need a few more. */
const SHARE = 0.2;
const DRAWN_MIN = 18;
/** Of a time budget the draw may use so much, and the rungs may go on until so much is used; the rest confirms. */
const DRAWING_SHARE = 0.4;
const SEARCHING_SHARE = 0.7;
/** Drawn from small contexts before it is found out how far the context goes. */
const FIRST_DRAWS = 6;
/** So much of the draw is spread over all contexts; the rest goes to those that lead for an objective. */
const EVEN_SHARE = 0.35;
/** How many of each objective's best say which contexts those are. */
const LEADERS = 2;
/** A confirmation that gave too few samples is made once more. */
const CONFIRMATIONS_MAX = 2;

/** Most configurations that are drawn, the default included. */
export function drawLimit(points: number, trialsMax: number): number {
  const limit = Math.max(DRAWN_MIN, Math.ceil(SHARE * points));
  return Math.min(points + 1, trialsMax > 0 ? trialsMax : limit);
}

/** Share of the time budget that is used; 0 without one. */
const usedShare = ({ budgetMs, observations }: SearchState): number =>
  budgetMs === 0 ? 0 : observations.reduce((sum, { elapsedMs }) => sum + elapsedMs, 0) / budgetMs;

const only = (trial: Proposal | null): SearchStep => ({ trials: trial ? [trial] : [], notes: [] });

const screen = (
  state: SearchState,
  { configuration }: Pick<SpacePoint, "configuration">,
  reason: string,
): Proposal => ({ configuration, purpose: Purpose.SCREEN, protocol: state.protocol, reason });

/** Contexts in which some objective has its leaders so far. */
function leadingContexts(space: Space, seen: ReadonlyMap<string, Seen>): ReadonlySet<number> {
  const leaders = goalsOf(space, seen).flatMap((goal) => ranking(space, seen, goal).slice(0, LEADERS));
  return new Set(leaders.map(({ seen: { configuration } }) => configuration.numCtx));
}

/**
 * The next configuration of the draw, or null when enough were drawn: some of small contexts, then how far the context
 * goes, then some of all contexts, then those of the contexts that lead.
 */
function nextDrawn(state: SearchState, space: Space, seen: ReadonlyMap<string, Seen>): Proposal | null {
  const limit = drawLimit(space.points.length, state.trialsMax);
  const used = usedShare(state);
  if (seen.size >= limit || used >= DRAWING_SHARE) return null;
  const feasible = feasibility(state, space, seen);
  const first = (wanted: (numCtx: number) => boolean): SpacePoint | null => {
    for (const point of drawOrder(state, space)) {
      if (wanted(point.configuration.numCtx) && !seen.has(point.key) && feasible(point)) return point;
    }
    return null;
  };
  const draw = (point: SpacePoint, where: string) =>
    screen(state, point, `draw ${seen.size + 1} of ${limit}: ${where}`);

  const small =
    seen.size < Math.min(FIRST_DRAWS, EVEN_SHARE * limit)
      ? first((numCtx) => numCtx <= space.base.numCtx)
      : null;
  if (small) return draw(small, "a context no larger than the default's");
  const frontier = nextFrontier(state, space, { seen, feasible });
  if (frontier) return draw(frontier, `does num_ctx ${frontier.configuration.numCtx} work at all`);
  if (seen.size >= EVEN_SHARE * limit || used >= EVEN_SHARE * DRAWING_SHARE) {
    const leading = leadingContexts(space, seen);
    const point = first((numCtx) => leading.has(numCtx));
    if (point) return draw(point, `num_ctx ${point.configuration.numCtx} leads for an objective`);
  }
  const point = first(() => true);
  return point && draw(point, "spread over all contexts and options");
}

const again = (state: SearchState, rung: Rung, { seen, missing }: Member): Proposal => ({
  configuration: seen.configuration,
  purpose: Purpose.SCREEN,
  protocol: create(ProtocolSchema, {
    ...state.protocol,
    launches: 1,
    repetitions: Math.min(missing, SAMPLES_PER_ATTEMPT_MAX),
  }),
  reason: `rung ${rung.number}: among the best ${rung.members.length} of an objective, ${missing} more sample(s)`,
});

/** What still has to be confirmed, most important first. */
function openFinalists(state: SearchState, space: Space, rung: Rung): Finalist[] {
  const confirmations = state.observations.filter(({ purpose }) => purpose === Purpose.CONFIRM);
  return chooseFinalists(lastRungObservations(state, space, rung), space.baseKey, space.objectives).filter(
    ({ key }) => {
      const mine = confirmations.filter(({ configuration }) => configurationKey(configuration) === key);
      const samples = mine.reduce((sum, one) => sum + one.samples.length, 0);
      return samples < CONFIRMATION_SAMPLES_MIN && mine.length < CONFIRMATIONS_MAX;
    },
  );
}

function confirm(state: SearchState, space: Space, rung: Rung): SearchStep {
  const trials = openFinalists(state, space, rung).map(({ configuration, reason }) => ({
    configuration,
    purpose: Purpose.CONFIRM,
    protocol: confirmationProtocol(state.protocol),
    reason: `confirms ${describeConfiguration(configuration)}: ${reason}`,
  }));
  // With a budget one at a time: the next is only begun while there is time left.
  return { trials: state.budgetMs > 0 ? trials.slice(0, 1) : trials, notes: [] };
}

/** Successive halving. */
export const halving: Strategy = {
  name: "halving",
  next(state) {
    const space = spaceOf(state);
    const seen = seenBy(screened(state));
    if (!seen.has(space.baseKey)) {
      const first = only(screen(state, { configuration: space.base }, "the default, to compare with"));
      return { ...first, notes: impossibleNotes(state.matrix) };
    }
    const used = usedShare(state);
    if (used >= 1) return { trials: [], notes: ["The time budget was used up before the search was over."] };
    const confirming = state.observations.some(({ purpose }) => purpose === Purpose.CONFIRM);
    const anything = [...seen.values()].some(({ figures }) => figures !== null);
    const hopeless = !anything && seen.size >= HOPELESS_AFTER;
    const drawn = confirming || hopeless ? null : nextDrawn(state, space, seen);
    if (!anything && !drawn) return { trials: [], notes: [hopelessNote(state.observations)] };
    if (drawn) return only(drawn);
    const rung = presentRung(state, space);
    const open = rung.members.filter(({ missing }) => missing > 0);
    if (open.length === 0 || confirming || used >= SEARCHING_SHARE) return confirm(state, space, rung);
    const trials = open.map((member) => again(state, rung, member));
    return { trials: state.budgetMs > 0 ? trials.slice(0, 1) : trials, notes: [] };
  },
};
