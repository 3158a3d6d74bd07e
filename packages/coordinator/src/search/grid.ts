// grid: every point of the matrix is screened, then the finalists are confirmed on fresh samples.
import { create } from "@bufbuild/protobuf";
import { PrecisionSchema, type Protocol, ProtocolSchema, Purpose } from "@ozone/proto/configuration";
import { configurationKey, describeConfiguration } from "@ozone/shared/configuration";
import { PRECISION_TARGETS } from "@ozone/shared/statistics/stopping";
import { chooseFinalists } from "./finalists.ts";
import { baseConfiguration, expandMatrix, impossibleNotes } from "./option-space.ts";
import type { SearchState, SearchStep, Strategy } from "./strategy.ts";

const { decode, prefill, ttft } = PRECISION_TARGETS;

/** Confirmation: two fresh launches, so that what varies between launches is seen, and six samples at least. */
export const confirmationProtocol = (protocol: Protocol): Protocol =>
  create(ProtocolSchema, {
    ...protocol,
    launches: 2,
    repetitions: Math.max(3, protocol.repetitions),
    precision: protocol.precision ?? create(PrecisionSchema, { decode, prefill, ttft }),
  });

function screenAll(state: SearchState): SearchStep {
  const { matrix, protocol } = state;
  const base = baseConfiguration(state);
  const points = expandMatrix(matrix, base);
  const known = new Set(points.map(configurationKey));
  const missing = known.has(configurationKey(base)) ? [] : [base];
  return {
    trials: [
      ...missing.map((configuration) => ({ configuration, reason: "the default, to compare with" })),
      ...points.map((configuration, index) => ({
        configuration,
        reason: `point ${index + 1} of ${points.length} of the grid`,
      })),
    ].map((trial) => ({ ...trial, purpose: Purpose.SCREEN, protocol })),
    notes: impossibleNotes(matrix),
  };
}

function confirmFinalists(state: SearchState): SearchStep {
  const base = baseConfiguration(state);
  const finalists = chooseFinalists(state.observations, configurationKey(base), state.objectives);
  return {
    trials: finalists.map(({ configuration, reason }) => ({
      configuration,
      purpose: Purpose.CONFIRM,
      protocol: confirmationProtocol(state.protocol),
      reason: `confirms ${describeConfiguration(configuration)}: ${reason}`,
    })),
    notes: finalists.length === 0 ? ["No configuration gave a valid sample."] : [],
  };
}

/** The whole matrix: the truth that every other strategy is held against. */
export const grid: Strategy = {
  name: "grid",
  sharing: "between steps",
  next(state) {
    const searched = state.observations.filter(({ purpose }) => purpose !== Purpose.REFERENCE);
    if (searched.length === 0) return screenAll(state);
    const confirmed = state.observations.some(({ purpose }) => purpose === Purpose.CONFIRM);
    return confirmed ? { trials: [], notes: [] } : confirmFinalists(state);
  },
};
