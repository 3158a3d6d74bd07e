// What the quick sweep confirms with the time that is left: finalists first, then whatever is least certain.
import { create } from "@bufbuild/protobuf";
import { type Protocol, ProtocolSchema, Purpose } from "@ozone/proto/configuration";
import { configurationKey, describeConfiguration } from "@ozone/shared/configuration";
import { logHalfWidth } from "@ozone/shared/statistics/interval";
import {
  CONFIRMATION_SAMPLES_MAX,
  CONFIRMATION_SAMPLES_MIN,
  PRECISION_TARGETS,
} from "@ozone/shared/statistics/stopping";
import { chooseFinalists, confirmedSamples, type Finalist } from "../finalists.ts";
import { baseConfiguration } from "../option-space.ts";
import type { Observation, Proposal, SearchState } from "../strategy.ts";
import { type Timing, trialMs } from "./timing.ts";

/**
 * One launch of three samples at a time where there is time, less where there is not: then the preset stays
 * preliminary. The second launch of a finalist comes after the first of the others: what drifts on the machine
 * then touches all of them, not one.
 */
const SHAPES = [
  { launches: 1, repetitions: 3 },
  { launches: 1, repetitions: 1 },
];
const LAUNCHES_MIN = 2;
/** A configuration whose confirmation failed twice is left alone. */
const FAILED_CONFIRMATIONS_MAX = 2;

const confirmationsOf = (observations: readonly Observation[], key: string) =>
  observations.filter(
    ({ purpose, configuration }) => purpose === Purpose.CONFIRM && configurationKey(configuration) === key,
  );

/** Half-width of the decode rate's interval as a share; the largest number below two samples. */
function uncertainty(observations: readonly Observation[], key: string): number {
  const rates = confirmedSamples(observations, key).flatMap((sample) => sample.decodeTokensPerSecond ?? []);
  const width = rates.length < 2 ? null : logHalfWidth(rates);
  return width === null ? Number.MAX_VALUE : Math.expm1(width);
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
  const samples = confirmedSamples(state.observations, key).length;
  if (failed >= FAILED_CONFIRMATIONS_MAX || samples >= CONFIRMATION_SAMPLES_MAX) return true;
  return (
    samples >= CONFIRMATION_SAMPLES_MIN &&
    confirmations.length >= LAUNCHES_MIN &&
    uncertainty(state.observations, key) <= PRECISION_TARGETS.quick
  );
};

/**
 * The next confirmation that fits the time left.
 * @param leftMs infinite without a budget.
 * @returns null when nothing is left to confirm, or nothing fits.
 */
export function nextConfirmation(state: SearchState, timing: Timing, leftMs: number): Proposal | null {
  const finalists = chooseFinalists(
    state.observations,
    configurationKey(baseConfiguration(state)),
    state.objectives,
  );
  const open = finalists.filter((finalist) => !isSettled(state, finalist));
  const launchesOf = ({ key }: Finalist) => confirmationsOf(state.observations, key).length;
  const doubtOf = ({ key }: Finalist) => uncertainty(state.observations, key);
  // Everyone's first launch, then everyone's second, in order of importance; then whoever is least certain.
  const ranked = [
    ...open
      .filter((finalist) => launchesOf(finalist) < LAUNCHES_MIN)
      .sort((a, b) => launchesOf(a) - launchesOf(b)),
    ...open
      .filter((finalist) => launchesOf(finalist) >= LAUNCHES_MIN)
      .sort((a, b) => doubtOf(b) - doubtOf(a)),
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
  const finalists = chooseFinalists(
    state.observations,
    configurationKey(baseConfiguration(state)),
    state.objectives,
  );
  return finalists
    .filter(({ key }) => confirmedSamples(state.observations, key).length === 0)
    .map(
      ({ configuration, reason }) =>
        `Not confirmed within the time box: ${describeConfiguration(configuration)} (${reason}).`,
    );
}
