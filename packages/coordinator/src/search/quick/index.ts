// quick: a time box. Screens while less than half of the box is spent, confirms with the rest; planned trial by trial
// from the rates measured so far.
import { create } from "@bufbuild/protobuf";
import { type Protocol, ProtocolSchema, Purpose } from "@ozone/proto/configuration";
import { configurationKey } from "@ozone/shared/configuration";
import { measuredConfigurations } from "../finalists.ts";
import { hopelessNote } from "../hopeless.ts";
import { referenceTrial } from "../reference.ts";
import type { SearchState, SearchStep, Strategy } from "../strategy.ts";
import { nextConfirmation, unconfirmedNotes } from "./confirming.ts";
import { type Candidate, candidates, FILL_LIMIT_MS, ladder } from "./screening.ts";
import { type Timing, timingOf, trialMs } from "./timing.ts";

/** While it searches a time box has no time for what is measured besides; confirmations have it. */
const searchingProtocol = (protocol: Protocol): Protocol =>
  create(ProtocolSchema, { ...protocol, depths: [], warmPrefix: false, sustainedMs: 0 });

const SCREENING_SHARE = 0.45;
/** Below this many configurations a choice would be no choice. */
const CONFIGURATIONS_MIN = 8;
/** Failures at the very start that end the search: nothing works here. */
const HOPELESS_AFTER = 3;

const screen = (state: SearchState, { configuration, reason }: Candidate): SearchStep => ({
  trials: [{ configuration, reason, purpose: Purpose.SCREEN, protocol: searchingProtocol(state.protocol) }],
  notes: [],
});

const distinct = ({ observations }: SearchState): number =>
  new Set(observations.map(({ configuration }) => configurationKey(configuration))).size;

/** The most important candidate that still fits the box. */
function nextScreening(state: SearchState, timing: Timing, leftMs: number): Candidate | null {
  const fits = ({ configuration }: Candidate) =>
    trialMs(timing, {
      configuration,
      protocol: searchingProtocol(state.protocol),
      purpose: Purpose.SCREEN,
    }) <= leftMs;
  return candidates(state, timing).find(fits) ?? null;
}

function finish(state: SearchState, timing: Timing): SearchStep {
  const notes = unconfirmedNotes(state);
  const { contexts, end } = ladder(state, timing);
  const filled = measuredConfigurations(state.observations).map(({ figures }) => figures.numCtx);
  const top = Math.max(0, contexts.at(-1) ?? 0, ...filled);
  if (end === "time" && top > 0) {
    notes.push(
      `The context ladder stopped at num_ctx ${top}: one fill of the next step would take over ${FILL_LIMIT_MS / 1000} s (limited by time, not by memory).`,
    );
  }
  return { trials: [], notes };
}

function withoutRates(state: SearchState): SearchStep {
  if (state.observations.length < HOPELESS_AFTER) {
    const first = state.observations.length === 0;
    const reason = first
      ? "the drift reference, at the start; its rates plan what follows"
      : "the first trial again: it gave no usable sample";
    return { trials: [referenceTrial(state, reason)], notes: [] };
  }
  return {
    trials: [],
    notes: [hopelessNote(state.observations)],
  };
}

/** The quick sweep. */
export const quick: Strategy = {
  name: "quick",
  next(state) {
    const timing = timingOf(state.observations);
    if (!timing) return withoutRates(state);
    const spentMs = state.observations.reduce((sum, { elapsedMs }) => sum + elapsedMs, 0);
    const budgetMs = state.budgetMs === 0 ? Number.POSITIVE_INFINITY : state.budgetMs;
    const leftMs = budgetMs - spentMs;
    if (spentMs < SCREENING_SHARE * budgetMs || distinct(state) < CONFIGURATIONS_MIN) {
      const candidate = nextScreening(state, timing, leftMs);
      if (candidate) return screen(state, candidate);
    }
    const confirmation = nextConfirmation(state, timing, leftMs);
    return confirmation ? { trials: [confirmation], notes: [] } : finish(state, timing);
  },
};
