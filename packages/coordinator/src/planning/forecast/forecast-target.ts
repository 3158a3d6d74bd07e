// What a sweep would cost on one target: trials, time, memory, and what stands in the way. Pure; nothing runs for it.

import { create } from "@bufbuild/protobuf";
import type { Configuration } from "@ozone/proto/configuration";
import type { SweepRequest } from "@ozone/proto/sweep";
import {
  ForecastBasis,
  MemoryFit,
  type TargetForecast,
  TargetForecastSchema,
} from "@ozone/proto/sweep_service";
import type { TrialResult } from "@ozone/proto/trial";
import { configurationKey } from "@ozone/shared/configuration";
import { samplesWanted } from "@ozone/shared/samples-wanted";
import { baseConfiguration, expandMatrix } from "../../search/option-space.ts";
import { referenceTrial } from "../../search/reference.ts";
import type { SearchState } from "../../search/strategy.ts";
import type { MachineRow } from "../../store/machines.ts";
import type { Target } from "../choose-targets.ts";
import { fitToTarget } from "../fit-to-target.ts";
import { factsOf, machineOf, modelOf } from "../target-facts.ts";
import { type Candidate, candidatesOf } from "./candidates.ts";
import { contextForecasts } from "./context-forecasts.ts";
import { type Ends, ends, type Pace, trialMs } from "./estimate-cost.ts";
import { forecastNotes } from "./forecast-notes.ts";
import { guessPace } from "./guess-pace.ts";
import { type Experience, experienceOf } from "./pace-from-results.ts";
import { type SweepCost, sweepCost, type TrialCosts } from "./sweep-cost.ts";
import { type SweepShape, sweepShape } from "./sweep-shape.ts";

/** One target of a sweep that was not started. */
export interface ForecastQuestion {
  /** Complete. */
  readonly request: SweepRequest;
  readonly machine: MachineRow;
  readonly target: Target;
  /** What this machine measured of this model on this engine before. */
  readonly results: readonly TrialResult[];
  /** Running sweeps that the machine serves first. */
  readonly sweepsBefore: number;
  /** How many machines share the search; absent: it is this machine's own. */
  readonly sharedBy?: number;
}

type PaceOf = (configuration: Configuration) => Pace;

/** What an estimate rests on. */
interface Ground {
  readonly paceOf: PaceOf | null;
  readonly basis: ForecastBasis;
  readonly experience: Experience | null;
}

function searchOf(
  { request, machine, target }: ForecastQuestion,
  fitted: Pick<SearchState, "matrix" | "protocol">,
): SearchState {
  return {
    ...fitted,
    budgetMs: request.budgetMs,
    trialsMax: request.trialsMax,
    seed: request.seed,
    model: modelOf(machine.announcement, target.modelDigest),
    machine: machineOf(machine.announcement),
    observations: [],
  };
}

function groundOf({ machine, results }: ForecastQuestion, search: SearchState): Ground {
  const experience = experienceOf(results);
  if (experience) return { paceOf: experience.paceOf, basis: ForecastBasis.RESULTS, experience };
  const guess = guessPace(factsOf(machine.announcement), search.model);
  const basis = guess ? ForecastBasis.BANDWIDTH : ForecastBasis.UNKNOWN;
  return { paceOf: guess, basis, experience: null };
}

/** The default first, then the points of the matrix. */
function configurationsOf(strategy: string, search: SearchState): { all: Configuration[]; points: number } {
  const base = baseConfiguration(search);
  const points = strategy === "quick" ? [base] : expandMatrix(search.matrix, base);
  const key = configurationKey(base);
  const others = points.filter((point) => configurationKey(point) !== key);
  return { all: [base, ...others], points: points.length };
}

function costsOf(candidates: readonly Candidate[], paceOf: PaceOf, search: SearchState): TrialCosts {
  const costs = candidates.flatMap(({ cost }) => cost ?? []);
  const screened = candidates.filter(({ sharesFills }) => !sharesFills);
  const reference = referenceTrial(search, "");
  return {
    screens: screened.flatMap(({ cost }) => cost?.screenMs ?? []),
    confirmations: costs.map(({ confirmMs }) => confirmMs),
    reference: trialMs(paceOf(reference.configuration), reference),
  };
}

/** Guided leaves alone what surely can't fit; the default is measured whatever it needs. */
const isTried = (strategy: string, { memory }: Candidate, position: number): boolean =>
  position === 0 || strategy !== "guided" || memory.fit !== MemoryFit.TOO_LARGE;

/** Guided begins nothing more when the budget is used up; what runs then is finished. */
function withinBudget(cost: SweepCost, search: SearchState, longestMs: number | null): Ends<number> | null {
  const { budgetMs, protocol } = search;
  if (budgetMs === 0) return cost.durationMs;
  const lastMs = longestMs ?? protocol.limitMs;
  const { durationMs } = cost;
  if (!durationMs) return { low: 0, likely: budgetMs, high: budgetMs + lastMs };
  const limits = { low: budgetMs, likely: budgetMs, high: budgetMs + lastMs };
  return ends((end) => Math.min(durationMs[end], limits[end]));
}

const longestOf = (costs: readonly Ends<number>[]): number =>
  costs.reduce((longest, { high }) => Math.max(longest, high), 0);

interface Time {
  readonly shape: SweepShape | null;
  readonly cost: SweepCost | null;
  readonly durationMs: Ends<number> | null;
}

function timeOf(
  strategy: string,
  search: SearchState,
  tried: readonly Candidate[],
  points: number,
  paceOf: PaceOf | null,
): Time {
  const trials = tried.filter(({ sharesFills }) => !sharesFills).length;
  const shape = sweepShape(strategy, search, { points, all: tried.length, trials });
  if (!shape) return { shape, cost: null, durationMs: ends(() => search.budgetMs) };
  const costs = paceOf ? costsOf(tried, paceOf, search) : null;
  const cost = sweepCost(shape, costs);
  if (strategy !== "guided") return { shape, cost, durationMs: cost.durationMs };
  const longestMs = costs ? longestOf([...costs.screens, ...costs.confirmations]) : null;
  return { shape, cost, durationMs: withinBudget(cost, search, longestMs) };
}

/** The forecast of one target. */
export function forecastTarget(question: ForecastQuestion): TargetForecast {
  const { request, machine, target } = question;
  const { strategy } = request;
  const { matrix, protocol, notes } = fitToTarget(request, machine.announcement, target.modelDigest);
  const search = searchOf(question, { matrix, protocol });
  const { paceOf, basis, experience } = groundOf(question, search);
  const { all, points } = configurationsOf(strategy, search);
  const candidates = candidatesOf(search, all, paceOf);
  const tried = candidates.filter((candidate, position) => isTried(strategy, candidate, position));
  const { shape, cost, durationMs } = timeOf(strategy, search, tried, points, paceOf);
  const boxed = shape === null || (cost?.durationMs === null && durationMs !== null);
  const facts = factsOf(machine.announcement);
  const { memoryBytes } = search.machine;
  return create(TargetForecastSchema, {
    machineId: machine.id,
    machineName: machine.announcement.name,
    modelName: target.modelName,
    configurations: candidates.length,
    ...(shape ? { measuredMin: shape.measured.min, measuredMax: shape.measured.max } : {}),
    ...(cost ? { trialsMin: cost.trials.min, trialsMax: cost.trials.max } : {}),
    samples: samplesWanted(protocol),
    ...(durationMs
      ? { duration: { lowMs: durationMs.low, likelyMs: durationMs.likely, highMs: durationMs.high } }
      : {}),
    basis: boxed ? ForecastBasis.TIME_BOX : basis,
    earlierResults: experience?.results ?? 0,
    ...(memoryBytes === null ? {} : { memoryBytes: BigInt(Math.round(memoryBytes)) }),
    contexts: contextForecasts(candidates),
    notes: [
      ...notes,
      ...forecastNotes({
        strategy,
        search,
        candidates,
        facts,
        experience,
        sweepsBefore: question.sweepsBefore,
        sharedBy: question.sharedBy ?? 1,
        wholeMs: cost?.durationMs ?? null,
      }),
    ],
  });
}
