// grid: every point of the matrix is screened (those that can share a fill in one trial, where the sweep says so), then
// the finalists are confirmed on fresh samples.
import { create } from "@bufbuild/protobuf";
import { PrecisionSchema, type Protocol, ProtocolSchema, Purpose } from "@ozone/proto/configuration";
import { configurationKey, describeConfiguration } from "@ozone/shared/configuration";
import { PRECISION_TARGETS } from "@ozone/shared/statistics/stopping";
import { chooseFinalists } from "./finalists.ts";
import { baseConfiguration, expandMatrix, impossibleNotes } from "./option-space.ts";
import { shareFills, sharingNotes } from "./share-fills.ts";
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
  const shared = shareFills(points, protocol);
  return {
    trials: [
      ...missing.map((configuration) => ({
        configuration,
        protocol,
        reason: "the default, to compare with",
      })),
      ...shared.map(({ configuration, shorterPredicts }, index) => ({
        configuration,
        protocol: create(ProtocolSchema, { ...protocol, shorterPredicts: [...shorterPredicts] }),
        reason: `point ${index + 1} of ${shared.length} of the grid${alsoFor(shorterPredicts)}`,
      })),
    ].map((trial) => ({ ...trial, purpose: Purpose.SCREEN })),
    notes: [...impossibleNotes(matrix), ...sharingNotes(points, protocol)],
  };
}

const alsoFor = (shorterPredicts: readonly number[]): string =>
  shorterPredicts.length === 0 ? "" : `, and num_predict ${shorterPredicts.join(", ")} behind its fills`;

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
