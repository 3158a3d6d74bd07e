// What a plug-in strategy answered, checked against the sweep that it was asked about, as a step of the search. Nothing
// is taken on trust: an answer is either a step that a strategy of our own could have made, or a problem in words.
import { type Configuration, Purpose } from "@ozone/proto/configuration";
import {
  configuration,
  configurationKey,
  configurationProblems,
  DIMENSION_FIELDS,
  describeConfiguration,
  isDimensionName,
  isQuantisedCache,
} from "@ozone/shared/configuration";
import { messageOf } from "@ozone/shared/errors";
import { TRIALS_PER_SWEEP_MAX } from "@ozone/shared/limits";
import * as z from "zod";
import { confirmationProtocol } from "../grid.ts";
import { baseConfiguration } from "../option-space.ts";
import type { Proposal, SearchState, SearchStep } from "../strategy.ts";
import { givenValues, spentMs } from "./question.ts";

/** What a plug-in did that it may not do: the end of a sentence that begins with its name. */
export class PlugInProblem extends Error {}

/** So often a configuration may be asked for with the same purpose; who asks more often goes round in a circle. */
export const SAME_TRIAL_MAX = 16;
const NOTES_MAX = 20;
const WORDS_MAX = 500;

const words = z
  .string()
  .min(1)
  .max(WORDS_MAX)
  .regex(/^[^\p{Cc}]*$/u, "must not contain control characters");

const ANSWER = z.strictObject({
  trials: z.array(
    z.strictObject({
      config: z.record(z.string(), z.union([z.number(), z.string()])),
      purpose: z.enum(["screen", "confirm"]),
      reason: words,
    }),
  ),
  notes: z.array(words).max(NOTES_MAX).default([]),
});

type PlugInTrial = z.infer<typeof ANSWER>["trials"][number];

const tooMany = (): PlugInProblem => new PlugInProblem(`asked for more than ${TRIALS_PER_SWEEP_MAX} trials`);

function parse(answerJson: string): z.infer<typeof ANSWER> {
  let value: unknown;
  try {
    value = JSON.parse(answerJson);
  } catch (thrown) {
    throw new PlugInProblem(`answered with something that is no plain data: ${messageOf(thrown)}`);
  }
  const { trials } = Object(value) as { trials?: unknown };
  if (Array.isArray(trials) && trials.length > TRIALS_PER_SWEEP_MAX) throw tooMany();
  const parsed = ANSWER.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const where = issue?.path.join(".") || "the answer";
  throw new PlugInProblem(`gave an answer that is not { trials, notes }: ${where}: ${issue?.message}`);
}

/** What a configuration may be made of. */
interface Choices {
  readonly base: Configuration;
  readonly given: ReturnType<typeof givenValues>;
  readonly trainedContext: number;
}

/** The value of each dimension that the trial names; one that is not in the matrix is a problem. */
function chosenValues(trial: PlugInTrial, { base, given }: Choices): Record<string, number | string> {
  const chosen: Record<string, number | string> = {};
  for (const [name, value] of Object.entries(trial.config)) {
    if (!isDimensionName(name))
      throw new PlugInProblem(`proposed ${JSON.stringify(name)}, which is no dimension`);
    const field = DIMENSION_FIELDS[name];
    const allowed = given.get(name) ?? [base[field] ?? ""];
    if (value !== base[field] && !allowed.includes(value)) {
      const values = allowed.filter((one) => one !== "").join(", ") || "none";
      throw new PlugInProblem(
        `proposed ${name} ${JSON.stringify(value)}, which is not in the matrix (${values})`,
      );
    }
    chosen[field] = value;
  }
  return chosen;
}

function configurationOf(trial: PlugInTrial, choices: Choices): Configuration {
  const { numCtx, numBatch, numThread, numGpu, kvCacheType, flashAttention, numPredict, concurrency } =
    choices.base;
  const point = configuration({
    numCtx,
    numBatch,
    ...(numThread === undefined ? {} : { numThread }),
    ...(numGpu === undefined ? {} : { numGpu }),
    kvCacheType,
    flashAttention,
    numPredict,
    concurrency,
    ...chosenValues(trial, choices),
  });
  // A batch beyond the context is cut to it by the server.
  point.numBatch = Math.min(point.numBatch, point.numCtx);
  const [problem] = configurationProblems(point, choices.trainedContext);
  if (problem !== undefined) throw new PlugInProblem(`proposed what is impossible: ${problem}`);
  if (point.flashAttention === "off" && isQuantisedCache(point.kvCacheType)) {
    throw new PlugInProblem(
      `proposed kv_cache_type ${point.kvCacheType} with flash_attention off, which no server can do`,
    );
  }
  return point;
}

const trialKey = ({ purpose, configuration: point }: Pick<Proposal, "purpose" | "configuration">): string =>
  `${purpose === Purpose.CONFIRM ? "confirm" : "screen"} ${describeConfiguration(point)}`;

/** Circles and searches without end: counted over all that was tried so far and this step. */
function checkEnds(trials: readonly Proposal[], search: SearchState): void {
  const tried = search.observations.filter(({ purpose }) => purpose !== Purpose.REFERENCE);
  if (tried.length + trials.length > TRIALS_PER_SWEEP_MAX) {
    throw tooMany();
  }
  const times = new Map<string, number>();
  for (const trial of [...tried, ...trials]) {
    const count = (times.get(trialKey(trial)) ?? 0) + 1;
    if (count > SAME_TRIAL_MAX) {
      throw new PlugInProblem(
        `asked for the same trial (${trialKey(trial)}) more than ${SAME_TRIAL_MAX} times`,
      );
    }
    times.set(trialKey(trial), count);
  }
  const distinct = new Set([...tried, ...trials].map((trial) => configurationKey(trial.configuration))).size;
  if (search.trialsMax > 0 && distinct > search.trialsMax) {
    throw new PlugInProblem(`proposed configuration ${distinct}; the sweep allows ${search.trialsMax}`);
  }
}

/** Whether the time budget is used up: then the plug-in is not asked any more. */
export const isOutOfTime = (search: SearchState): boolean =>
  search.budgetMs > 0 && spentMs(search) >= search.budgetMs;

/** The step of a search whose time is up. */
export const OUT_OF_TIME_STEP: SearchStep = {
  trials: [],
  notes: ["The time budget was used up before the search was over."],
};

/**
 * The answer as a step.
 * @throws PlugInProblem saying what the plug-in did.
 */
export function stepFromAnswer(answerJson: string, search: SearchState): SearchStep {
  const { trials, notes } = parse(answerJson);
  const choices = {
    base: baseConfiguration(search),
    given: givenValues(search),
    trainedContext: search.model.trainedContext,
  };
  const proposals = trials.map((trial): Proposal => {
    const confirms = trial.purpose === "confirm";
    return {
      configuration: configurationOf(trial, choices),
      purpose: confirms ? Purpose.CONFIRM : Purpose.SCREEN,
      protocol: confirms ? confirmationProtocol(search.protocol) : search.protocol,
      reason: trial.reason,
    };
  });
  checkEnds(proposals, search);
  const confirmed = search.observations.some(({ purpose }) => purpose === Purpose.CONFIRM);
  const unproven =
    proposals.length === 0 && !confirmed
      ? ["The plug-in strategy confirmed nothing: presets from this sweep stay preliminary."]
      : [];
  return { trials: proposals, notes: [...notes, ...unproven] };
}
