// How narrow the intervals are, and whether to go on for narrower ones (docs/metrics.md). Pure.
import { create } from "@bufbuild/protobuf";
import { type Precision, Purpose } from "@ozone/proto/configuration";
import {
  type PrecisionReached,
  PrecisionReachedSchema,
  type Sample,
  type TrialOrder,
} from "@ozone/proto/trial";
import { logHalfWidth } from "@ozone/shared/statistics/interval";
import {
  CONFIRMATION_SAMPLES_MAX,
  CONFIRMATION_SAMPLES_MIN,
  PRECISION_TARGETS,
  shouldStop,
} from "@ozone/shared/statistics/stopping";
import type { AttemptWarning } from "./attempt.ts";

/** One value per metric that can be asked for. */
export type PerMetric<Value> = Readonly<Record<"decode" | "prefill" | "ttft", Value>>;

const METRICS = ["decode", "prefill", "ttft"] as const;
const WORDS: PerMetric<string> = { decode: "decode rate", prefill: "prefill rate", ttft: "TTFT" };

/** When to stop sampling. */
export interface StoppingRule {
  /** Half-widths to reach as shares of the median; 0: not asked for. */
  readonly targets: PerMetric<number>;
  readonly minimum: number;
  /** Most repetitions of the attempt. */
  readonly cap: number;
}

/**
 * The rule of an order; null where exactly the repetitions are taken. A screening never stops adaptively: stopping at a
 * lucky moment would favour what it selects.
 */
export function stoppingRule({
  protocol,
  purpose,
}: Pick<TrialOrder, "protocol" | "purpose">): StoppingRule | null {
  if (protocol?.precision === undefined || purpose !== Purpose.CONFIRM) return null;
  const repetitions = Math.max(1, protocol.launches) * Math.max(1, protocol.repetitions);
  const cap = Math.max(repetitions, protocol.samplesMax || CONFIRMATION_SAMPLES_MAX);
  const minimum = Math.min(cap, Math.max(CONFIRMATION_SAMPLES_MIN, repetitions));
  return { targets: targetsOf(protocol.precision), minimum, cap };
}

/** A wish without a number is the design's. */
function targetsOf({ decode, prefill, ttft }: Precision): PerMetric<number> {
  if (decode > 0 || prefill > 0 || ttft > 0) return { decode, prefill, ttft };
  const { decode: byDecode, prefill: byPrefill, ttft: byTtft } = PRECISION_TARGETS;
  return { decode: byDecode, prefill: byPrefill, ttft: byTtft };
}

/** What the intervals are made from: samples of the configuration, with the decode rates that stand for it. */
export function precisionValues(samples: readonly Sample[]): PerMetric<readonly number[]> {
  const positive = (of: (sample: Sample) => number | undefined): number[] =>
    samples.map(of).filter((value): value is number => value !== undefined && value > 0);
  return {
    decode: positive((sample) => sample.decodeTokensPerSecond),
    prefill: positive((sample) => sample.prefillTokensPerSecond),
    ttft: positive((sample) => sample.ttftMs),
  };
}

/** Whether one sample more is due: some interval that was asked for is still too wide, and there is a next sample. */
export function shouldGoOn(
  values: PerMetric<readonly number[]>,
  rule: StoppingRule,
  mayGoOn: boolean,
): boolean {
  return METRICS.filter((metric) => rule.targets[metric] > 0).some((metric) => {
    const { stop } = shouldStop({
      values: values[metric],
      relativeTarget: rule.targets[metric],
      minimum: rule.minimum,
      // Repetitions are counted by who takes them: one that failed a check is no value, but was taken.
      cap: Number.MAX_SAFE_INTEGER,
      outOfTime: !mayGoOn,
    });
    return stop === null;
  });
}

/** Half-widths as shares of the median, 0.02 is +-2 %; absent below two values. */
export function precisionReached(
  values: PerMetric<readonly number[]>,
  rule: StoppingRule | null,
): PrecisionReached {
  const widths = METRICS.map((metric) => [metric, halfWidth(values[metric])] as const);
  const isReached = (metric: keyof PerMetric<number>, width: number | null): boolean =>
    rule === null ||
    rule.targets[metric] === 0 ||
    (width !== null && width <= rule.targets[metric] && values[metric].length >= rule.minimum);
  return create(PrecisionReachedSchema, {
    ...Object.fromEntries(widths.filter(([, width]) => width !== null)),
    precise: rule !== null && widths.every(([metric, width]) => isReached(metric, width)),
  });
}

const halfWidth = (values: readonly number[]): number | null => {
  const log = values.length === 0 ? null : logHalfWidth(values);
  return log === null ? null : Math.expm1(log);
};

/** What to say when precision was asked for and not reached; null when there is nothing to say. */
export function impreciseWarning(
  values: PerMetric<readonly number[]>,
  reached: PrecisionReached,
  rule: StoppingRule | null,
): AttemptWarning | null {
  if (rule === null || reached.precise) return null;
  const parts = METRICS.filter((metric) => rule.targets[metric] > 0).flatMap((metric) => {
    const width = reached[metric];
    const target = rule.targets[metric];
    if (width !== undefined && width <= target) return [];
    const seen = width === undefined ? "has no interval" : `is known to +-${percent(width)}`;
    return [`${WORDS[metric]} ${seen} (n = ${values[metric].length}), ${percent(target)} was asked for`];
  });
  const few = `${values.decode.length} samples are fewer than the ${rule.minimum} that a confirmation needs`;
  return {
    code: "imprecise",
    message: `Imprecise: ${parts.length > 0 ? parts.join("; ") : few}.`,
  };
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
