// The configurations that the first rung may look at, in the order in which it takes them: by chance, but every context
// and every level of every option alike, small contexts first in each round.
import { groupBy } from "@ozone/shared/group-by";
import { seededRandom } from "@ozone/shared/statistics/seeded-random";
import type { Space, SpacePoint } from "../guided/space.ts";
import type { SearchState } from "../strategy.ts";

/** Looked at for each draw: enough for an even spread, few enough for large matrices. */
const LOOKED_AT = 12;

/** How often each level of each axis was drawn. */
class Spread {
  readonly #counts: number[][];

  constructor({ axes }: Space) {
    this.#counts = axes.map(({ values }) => values.map(() => 0));
  }

  /** Small: its levels were drawn seldom. */
  of({ levels }: SpacePoint): number {
    return levels.reduce((sum, level, axis) => sum + (this.#counts[axis]?.[level] ?? 0), 0);
  }

  add({ levels }: SpacePoint): void {
    levels.forEach((level, axis) => {
      const counts = this.#counts[axis];
      if (counts) counts[level] = (counts[level] ?? 0) + 1;
    });
  }
}

/** Takes the point whose levels were drawn least from the end of a shuffled stratum. */
function take(stratum: SpacePoint[], spread: Spread): SpacePoint | null {
  const from = Math.max(0, stratum.length - LOOKED_AT);
  let best = stratum.length - 1;
  for (let at = best - 1; at >= from; at -= 1) {
    const [here, there] = [stratum[at], stratum[best]];
    if (here && there && spread.of(here) < spread.of(there)) best = at;
  }
  return stratum.splice(best, 1)[0] ?? null;
}

/** Every point except the default. Follows from the seed alone, so that it is the same after any interruption. */
export function* drawOrder(state: SearchState, space: Space): Generator<SpacePoint> {
  const random = seededRandom(`${state.seed}/halving`);
  const points = space.points.filter(({ key }) => key !== space.baseKey);
  const strata = [...groupBy(points, ({ configuration }) => configuration.numCtx)]
    .sort(([a], [b]) => a - b)
    .map(([, stratum]) => random.shuffle(stratum));
  const spread = new Spread(space);
  while (strata.some((stratum) => stratum.length > 0)) {
    for (const stratum of strata) {
      const point = take(stratum, spread);
      if (!point) continue;
      spread.add(point);
      yield point;
    }
  }
}
