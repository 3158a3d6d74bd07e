// Where to look next once the first points are in: the point that promises most over the best so far; and at the end
// the neighbours of the best, which the surrogate might have misjudged.
import type { Prediction } from "@ozone/shared/statistics/gaussian-process";
import { median } from "@ozone/shared/statistics/median";
import { normalCdf } from "@ozone/shared/statistics/normal";
import type { Knowledge } from "./knowledge.ts";
import { believedRanking, type Goal, goalsInSight, measuredPoints, ranking, type Scored } from "./scores.ts";
import { type Space, type SpacePoint, stepsBetween } from "./space.ts";
import { predictScore } from "./surrogate.ts";

/** A point to try, for a goal, with what it promises. */
export interface Candidate {
  readonly point: SpacePoint;
  readonly purpose: string;
  /** Expected gain on the score; 0.01 is about 1 %. */
  readonly gain: number;
  readonly words: string;
}

/** Expected gains below this are not worth a trial. */
const GAIN_MIN = 0.0005;
/** A neighbour is skipped when it is believed to be worse by more. */
const NEIGHBOUR_WORSE = 0.15;
const PAIR_WORSE = 0.05;

/** Expected improvement over `best`. Source: Jones, Schonlau and Welch 1998. */
function expectedGain(mean: number, deviation: number, best: number): number {
  if (!(deviation > 0)) return Math.max(0, mean - best);
  const z = (mean - best) / deviation;
  const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
  return deviation * (z * normalCdf(z) + density);
}

interface Learned {
  readonly goal: Goal;
  readonly best: Scored;
  readonly predict: (point: SpacePoint) => Prediction;
}

function learnGoals(space: Space, knowledge: Knowledge): Learned[] {
  const { seen, surrogate } = knowledge;
  return goalsInSight(space, seen, knowledge.triesBeyond).flatMap((goal) => {
    const predict = (point: SpacePoint): Prediction =>
      predictScore(surrogate.predict(point), point.configuration.numCtx, goal.scoreOf(point.configuration));
    const [best] = believedRanking(space, knowledge, goal);
    return best ? [{ goal, best, predict }] : [];
  });
}

const isOpen = ({ seen, feasible }: Knowledge, goal: Goal, point: SpacePoint): boolean =>
  goal.eligible(point) && !seen.has(point.key) && feasible(point);

function mostPromising(knowledge: Knowledge, learned: readonly Learned[]): Candidate | null {
  let leader: Candidate | null = null;
  for (const { goal, best, predict } of learned) {
    for (const point of knowledge.candidates) {
      if (!isOpen(knowledge, goal, point)) continue;
      const { mean, deviation } = predict(point);
      const gain = expectedGain(mean, deviation, best.score);
      if (gain < GAIN_MIN || (leader && gain <= leader.gain)) continue;
      const percent = (100 * Math.expm1(mean - best.score)).toFixed(1);
      const words = `for ${goal.purpose}: ${percent} % against the best so far expected, give or take ${(100 * deviation).toFixed(0)} %`;
      leader = { point, purpose: goal.purpose, gain, words };
    }
  }
  return leader;
}

function neighbour(space: Space, knowledge: Knowledge, learned: readonly Learned[]): Candidate | null {
  let leader: Candidate | null = null;
  for (const { goal, best, predict } of learned) {
    for (const point of space.points) {
      const steps = stepsBetween(point, best.point);
      if (steps > 2 || !isOpen(knowledge, goal, point)) continue;
      const difference = predict(point).mean - best.score;
      if (difference < -(steps === 1 ? NEIGHBOUR_WORSE : PAIR_WORSE)) continue;
      if (leader && difference <= leader.gain) continue;
      const words = `for ${goal.purpose}: ${steps === 1 ? "one step" : "two steps"} from the best so far`;
      leader = { point, purpose: goal.purpose, gain: difference, words };
    }
  }
  return leader;
}

/** A surrogate that misses half of what was measured by more than this is not listened to. */
const MISFIT_MAX = 0.1;

function isBelievable(space: Space, { seen, surrogate }: Knowledge): boolean {
  const measured = measuredPoints(space, seen);
  const misfits = measured.map(({ point, figures }) => {
    const { logDecode, logTtft } = surrogate.predict(point);
    const decode = Math.abs(logDecode.mean - Math.log(figures.decodeTokensPerSecond));
    return Math.max(decode, Math.abs(logTtft.mean - Math.log(figures.ttftMs)));
  });
  return misfits.length === 0 || median(misfits) <= MISFIT_MAX;
}

/** Nothing is predicted: what lies nearest to the best that was measured is as good as it. */
function unlearned(space: Space, { seen, triesBeyond }: Knowledge): Learned[] {
  return goalsInSight(space, seen, triesBeyond).flatMap((goal) => {
    const [best] = ranking(space, seen, goal);
    if (!best) return [];
    const predict = (point: SpacePoint): Prediction => ({
      mean: best.score - PAIR_WORSE * (stepsBetween(point, best.point) - 1),
      deviation: 0,
    });
    return [{ goal, best, predict }];
  });
}

/** The next point worth a trial, or null when none is. */
export function nextImprovement(space: Space, knowledge: Knowledge): Candidate | null {
  if (!isBelievable(space, knowledge)) return neighbour(space, knowledge, unlearned(space, knowledge));
  const learned = learnGoals(space, knowledge);
  return mostPromising(knowledge, learned) ?? neighbour(space, knowledge, learned);
}
