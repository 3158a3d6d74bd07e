// What the quick sweep confirms with the time that is left: finalists first, then whatever is least certain.
import { create } from "@bufbuild/protobuf";
import { type Protocol, ProtocolSchema, Purpose } from "@ozone/proto/configuration";
import { configurationKey, describeConfiguration } from "@ozone/shared/configuration";
import { logHalfWidth } from "@ozone/shared/statistics/interval";
import { CONFIRMATION_SAMPLES_MAX, PRECISION_TARGETS } from "@ozone/shared/statistics/stopping";
import { chooseFinalists, confirmedSamples, type Finalist } from "../finalists.ts";
import { baseConfiguration } from "../option-space.ts";
import type { Observation, Proposal, SearchState } from "../strategy.ts";
import { type Timing, trialMs } from "./timing.ts";

/** Two launches of three where there is time, less where there is not: then the preset stays preliminary. */
const SHAPES = [
  { launches: 2, repetitions: 3 },
  { launches: 2, repetitions: 1 },
  { launches: 1, repetitions: 1 },
];
/** A configuration whose confirmation failed twice is left alone. */
const FAILED_CONFIRMATIONS_MAX = 2;

const confirmationsOf = (observations: readonly Observation[], key: string) =>
  observations.filter(
    ({ purpose, configuration }) => purpose === Purpose.CONFIRM && configurationKey(configuration) === key,
  );

/** Half-width of the decode rate's interval as a share; infinite below two samples. */
function uncertainty(observations: readonly Observation[], key: string): number {
  const rates = confirmedSamples(observations, key).flatMap((sample) => sample.decodeTokensPerSecond ?? []);
  const width = rates.length < 2 ? null : logHalfWidth(rates);
  return width === null ? Number.POSITIVE_INFINITY : Math.expm1(width);
}

function proposal(state: SearchState, finalist: Finalist, shape: Partial<Protocol>): Proposal {
  const { configuration, reason } = finalist;
  const again = confirmationsOf(state.observations, finalist.key).length > 0 ? "again, to be surer" : reason;
  return {
    configuration,
    purpose: Purpose.CONFIRM,
    protocol: create(ProtocolSchema, { ...state.protocol, ...shape }),
    reason: `confirms ${describeConfiguration(configuration)}: ${again}`,
  };
}

const isSettled = (state: SearchState, { key }: Finalist): boolean => {
  const confirmations = confirmationsOf(state.observations, key);
  const failed = confirmations.filter(({ samples }) => samples.length === 0).length;
  return (
    failed >= FAILED_CONFIRMATIONS_MAX ||
    confirmedSamples(state.observations, key).length >= CONFIRMATION_SAMPLES_MAX ||
    uncertainty(state.observations, key) <= PRECISION_TARGETS.quick
  );
};

/**
 * The next confirmation that fits the time left.
 * @param leftMs infinite without a budget.
 * @returns null when nothing is left to confirm, or nothing fits.
 */
export function nextConfirmation(state: SearchState, timing: Timing, leftMs: number): Proposal | null {
  const finalists = chooseFinalists(state.observations, configurationKey(baseConfiguration(state)));
  const open = finalists.filter((finalist) => !isSettled(state, finalist));
  const samplesOf = ({ key }: Finalist) => confirmedSamples(state.observations, key).length;
  // Unconfirmed first, in their order of importance; then the least certain.
  const ranked = [
    ...open.filter((finalist) => samplesOf(finalist) === 0),
    ...open
      .filter((finalist) => samplesOf(finalist) > 0)
      .sort((a, b) => uncertainty(state.observations, b.key) - uncertainty(state.observations, a.key)),
  ];
  for (const finalist of ranked) {
    const shapes = SHAPES.map((shape) => proposal(state, finalist, shape));
    const next = shapes.find((trial) => trialMs(timing, trial) <= leftMs);
    if (next) return next;
  }
  return null;
}

/** Finalists that no confirmation was made for, in words. */
export function unconfirmedNotes(state: SearchState): string[] {
  const finalists = chooseFinalists(state.observations, configurationKey(baseConfiguration(state)));
  return finalists
    .filter(({ key }) => confirmedSamples(state.observations, key).length === 0)
    .map(
      ({ configuration, reason }) =>
        `Not confirmed within the time box: ${describeConfiguration(configuration)} (${reason}).`,
    );
}
