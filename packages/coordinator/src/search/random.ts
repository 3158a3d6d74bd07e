// random: points drawn by chance, the baseline that every search must beat at an equal number of trials.
import { Purpose } from "@ozone/proto/configuration";
import { configurationKey, describeConfiguration } from "@ozone/shared/configuration";
import { seededRandom } from "@ozone/shared/statistics/seeded-random";
import { chooseFinalists } from "./finalists.ts";
import { confirmationProtocol } from "./grid.ts";
import { baseConfiguration, expandMatrix } from "./option-space.ts";
import type { SearchState, SearchStep, Strategy } from "./strategy.ts";

/** Share of the grid that is tried when nobody says how many trials. */
export const SHARE = 0.2;

function screenSome(state: SearchState): SearchStep {
  const base = baseConfiguration(state);
  const points = expandMatrix(state.matrix, base);
  const most = state.trialsMax > 0 ? state.trialsMax : Math.ceil(SHARE * points.length);
  const others = points.filter((point) => configurationKey(point) !== configurationKey(base));
  const drawn = seededRandom(`${state.seed}/random`)
    .shuffle(others)
    .slice(0, Math.max(0, most - 1));
  return {
    trials: [base, ...drawn].map((configuration, index) => ({
      configuration,
      purpose: Purpose.SCREEN,
      protocol: state.protocol,
      reason: index === 0 ? "the default, to compare with" : `draw ${index} of ${drawn.length}`,
    })),
    notes: [],
  };
}

/** Points by chance. */
export const random: Strategy = {
  name: "random",
  sharing: "between steps",
  next(state) {
    const searched = state.observations.filter(({ purpose }) => purpose !== Purpose.REFERENCE);
    if (searched.length === 0) return screenSome(state);
    if (searched.some(({ purpose }) => purpose === Purpose.CONFIRM)) return { trials: [], notes: [] };
    const finalists = chooseFinalists(searched, configurationKey(baseConfiguration(state)), state.objectives);
    return {
      trials: finalists.map(({ configuration, reason }) => ({
        configuration,
        purpose: Purpose.CONFIRM,
        protocol: confirmationProtocol(state.protocol),
        reason: `confirms ${describeConfiguration(configuration)}: ${reason}`,
      })),
      notes: [],
    };
  },
};
