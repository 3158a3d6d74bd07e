// How fast a machine is with a model, from what it measured before: for each configuration the nearest one that was
// measured, with the difference in batch size and threads allowed for by what is physically possible. Pure.
import { type Configuration, Purpose } from "@ozone/proto/configuration";
import { type TrialResult, Verdict } from "@ozone/proto/trial";
import { groupBy } from "@ozone/shared/group-by";
import { filledSamples } from "@ozone/shared/sample-kinds";
import { median } from "@ozone/shared/statistics/median";
import { fitPrefill, type PrefillFit, type PrefillPoint } from "@ozone/shared/statistics/quadratic-fit";
import { type Ends, ends, type Pace, type Speed } from "./estimate-cost.ts";

/** What earlier results say. */
export interface Experience {
  /** Results that gave figures. */
  readonly results: number;
  readonly paceOf: (configuration: Configuration) => Pace;
  /** Batch sizes that were measured; others are derived. */
  readonly batches: ReadonlySet<number>;
}

/** All samples that were taken with one batch size and number of threads. */
interface Group {
  readonly numBatch: number;
  readonly numThread: number | null;
  readonly prefill: Fitted;
  readonly decode: Fitted;
  readonly longest: number;
}

/** A curve through points, and how far from it they lay: factors below and above 1. */
interface Fitted {
  readonly fit: PrefillFit;
  readonly spread: Ends<number>;
}

/** No machine repeats itself better than this from one day to the next; fewer points tell less. */
const SPREAD_LEAST = { low: 0.9, likely: 1, high: 1.15 };
const SPREAD_OF_FEW = { low: 0.8, likely: 1, high: 1.3 };
const FEW = 6;

function fitted(points: readonly PrefillPoint[]): Fitted {
  const fit = fitPrefill(points);
  const ratios = points.map(
    ({ tokens, seconds }) => seconds / (tokens * (fit.linear + fit.quadratic * tokens)),
  );
  const least = points.length < FEW ? SPREAD_OF_FEW : SPREAD_LEAST;
  const spread = { low: Math.min(least.low, ...ratios), likely: 1, high: Math.max(least.high, ...ratios) };
  return { fit, spread };
}

function groupOf(results: readonly TrialResult[]): Group[] {
  const samples = results.flatMap(filledSamples).filter(({ valid }) => valid);
  const prompts = samples.flatMap(({ promptTokens: tokens, prefillTokensPerSecond: rate }) =>
    rate === undefined || tokens === 0 ? [] : [{ tokens, seconds: tokens / rate }],
  );
  // Seconds per token against the depth, written as the seconds of as many tokens as the depth has.
  const answers = samples.flatMap(({ promptTokens: tokens, decodeTokensPerSecond: rate }) =>
    rate === undefined || tokens === 0 ? [] : [{ tokens, seconds: tokens / rate }],
  );
  const point = results[0]?.configuration;
  if (!point || prompts.length === 0 || answers.length === 0) return [];
  return [
    {
      numBatch: point.numBatch,
      numThread: point.numThread ?? null,
      prefill: fitted(prompts),
      decode: fitted(answers),
      longest: Math.max(...prompts.map(({ tokens }) => tokens)),
    },
  ];
}

/** Results that tell times: one request at a time, and at least one sample. */
const tellsTimes = ({ verdict, configuration, samples }: TrialResult): boolean =>
  verdict !== Verdict.FAILED && (configuration?.concurrency ?? 0) === 1 && samples.length > 0;

/** What a launch took beyond its samples, waiting for a quiet machine included. */
function launchMsOf({ elapsedMs, samples, protocol, purpose, sustained }: TrialResult): number {
  const totals = samples.flatMap(({ totalMs }) => totalMs ?? []);
  const launches = Math.max(1, protocol?.launches ?? 1);
  const warmUpMs = purpose === Purpose.CONFIRM && totals.length > 0 ? launches * median(totals) : 0;
  const samplesMs = totals.reduce((sum, ms) => sum + ms, 0);
  return Math.max(0, elapsedMs - samplesMs - warmUpMs - (sustained?.durationMs ?? 0)) / launches;
}

function launchEnds(results: readonly TrialResult[]): Ends<number> {
  const sorted = results.map(launchMsOf).sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.round(share * (sorted.length - 1))] ?? 0;
  return { low: at(0.1), likely: median(sorted), high: at(0.9) };
}

const stepsApart = (one: number | null, other: number | null): number =>
  one === other ? 0 : one === null || other === null ? Math.LN2 : Math.abs(Math.log(one / other));

/** The nearest group; long prompts tell more than short ones. Does not depend on the context that is asked about. */
function nearest(groups: readonly Group[], { numBatch, numThread }: Configuration): Group | null {
  const longest = Math.max(...groups.map((group) => group.longest));
  const distance = (group: Group): number =>
    stepsApart(group.numBatch, numBatch) +
    stepsApart(group.numThread, numThread ?? null) +
    0.5 * Math.log(longest / group.longest);
  return groups.reduce<Group | null>(
    (best, next) => (best && distance(best) <= distance(next) ? best : next),
    null,
  );
}

/**
 * Seconds per prompt token with another batch size. Each batch reads the weights once, as each generated token does: so
 * many more batches per token cost up to so much more, and no batch is slower than token by token.
 */
export function withBatch(
  linear: number,
  tokenSeconds: number,
  measured: number,
  asked: number,
): Ends<number> {
  const change = tokenSeconds * (1 / asked - 1 / measured);
  if (change >= 0) {
    const high = Math.min(Math.max(tokenSeconds, linear), linear + 2 * change);
    return { low: linear, likely: Math.min(linear + change, high), high };
  }
  const low = Math.max((linear * measured) / asked, linear + 2 * change);
  return { low, likely: Math.max(linear + change, low), high: linear };
}

/** With more threads at best in proportion faster, with fewer at worst in proportion slower. */
function threadFactor(measured: number | null, asked: number | null): Ends<number> {
  if (measured === null || asked === null) return ends(() => 1);
  const inProportion = measured / asked;
  return {
    low: Math.min(1, inProportion),
    likely: Math.sqrt(inProportion),
    high: Math.max(1, inProportion),
  };
}

/** What one length says of others: no growth at the fast end, some at the slow end. */
const UNSEEN_GROWTH = { low: 0, likely: 1 / 16, high: 1 / 4 };

function growthOf({ fit }: Fitted, longest: number): Ends<number> {
  if (fit.assumption === null) return ends(() => fit.quadratic);
  return ends((end) => (UNSEEN_GROWTH[end] * fit.linear) / longest);
}

function paceIn(group: Group, launch: Ends<number>, { numBatch, numThread }: Configuration): Pace {
  const { prefill, decode, longest } = group;
  const linear = withBatch(prefill.fit.linear, decode.fit.linear, group.numBatch, numBatch);
  const growth = { prefill: growthOf(prefill, longest), decode: growthOf(decode, longest) };
  const threads = threadFactor(group.numThread, numThread ?? null);
  return ends((end): Speed => {
    const [read, write] = [threads[end] * prefill.spread[end], threads[end] * decode.spread[end]];
    return {
      prefill: { linear: read * linear[end], quadratic: read * growth.prefill[end] },
      decode: { fixed: write * decode.fit.linear, perDepthToken: write * growth.decode[end] },
      launchMs: launch[end],
    };
  });
}

/** What earlier results of one machine, model and engine say; null when none of them has figures. */
export function experienceOf(results: readonly TrialResult[]): Experience | null {
  const telling = results.filter(tellsTimes);
  const byOptions = groupBy(
    telling,
    ({ configuration }) => `${configuration?.numBatch} ${configuration?.numThread}`,
  );
  const groups = [...byOptions.values()].flatMap(groupOf);
  if (groups.length === 0) return null;
  const launch = launchEnds(telling);
  return {
    results: telling.length,
    batches: new Set(groups.map(({ numBatch }) => numBatch)),
    paceOf: (configuration) => {
      const group = nearest(groups, configuration);
      if (!group) throw new RangeError("experienceOf: no group of results is near, though there is one.");
      return paceIn(group, launch, configuration);
    },
  };
}
