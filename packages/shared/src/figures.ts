// Figures with their spread, stability with its bound, gains with their interval: what a preset states as proof. Pure.
import { create } from "@bufbuild/protobuf";
import {
  type Figure,
  FigureSchema,
  type Figures,
  FiguresSchema,
  type Gain,
  GainSchema,
  type Stability,
  StabilitySchema,
} from "@ozone/proto/preset";
import type { Sample } from "@ozone/proto/trial";
import { compareRates } from "./statistics/compare";
import { medianInterval } from "./statistics/interval";
import { describeStability, stabilityGrade } from "./statistics/success-bound";

/** Median and interval, or undefined when there is no value. */
export function figure(values: readonly (number | undefined)[]): Figure | undefined {
  const known = values.flatMap((value) => (value !== undefined && value > 0 ? [value] : []));
  if (known.length === 0) return undefined;
  const { median, ciLow, ciHigh, n, method } = medianInterval(known);
  return create(FigureSchema, {
    median,
    n,
    method: ciLow === null ? "none" : method,
    ...(ciLow === null ? {} : { ciLow }),
    ...(ciHigh === null ? {} : { ciHigh }),
  });
}

/** All figures of a configuration. */
export function figures(samples: readonly Sample[], loadMs: readonly number[]): Figures {
  const entries = {
    decodeTokensPerSecond: figure(samples.map((sample) => sample.decodeTokensPerSecond)),
    prefillTokensPerSecond: figure(samples.map((sample) => sample.prefillTokensPerSecond)),
    ttftMs: figure(samples.map((sample) => sample.ttftMs)),
    interTokenP50Ms: figure(samples.map((sample) => sample.interTokenP50Ms)),
    interTokenP95Ms: figure(samples.map((sample) => sample.interTokenP95Ms)),
    loadMs: figure(loadMs),
  };
  return create(
    FiguresSchema,
    Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== undefined)),
  );
}

/** Success rate with its bound, in words that never claim more than the runs prove. */
export function stability(successes: number, runs: number): Stability {
  const { grade, bound } = stabilityGrade(successes, runs);
  return create(StabilitySchema, {
    successes,
    runs,
    bound,
    grade,
    words: describeStability(successes, runs),
  });
}

const GAIN_METRICS: readonly {
  metric: string;
  lowerIsBetter: boolean;
  of: (sample: Sample) => number | undefined;
}[] = [
  { metric: "decode_tokens_per_second", lowerIsBetter: false, of: (sample) => sample.decodeTokensPerSecond },
  { metric: "ttft_ms", lowerIsBetter: true, of: (sample) => sample.ttftMs },
];

/** The chosen configuration's samples against the default's, one gain per metric. Ratios are chosen over default. */
export function gains(chosen: readonly Sample[], base: readonly Sample[]): Gain[] {
  return GAIN_METRICS.flatMap(({ metric, lowerIsBetter, of }) => {
    const a = chosen.flatMap((sample) => of(sample) ?? []);
    const b = base.flatMap((sample) => of(sample) ?? []);
    if (a.length === 0 || b.length === 0) return [];
    const { ratio, low, high, verdict } = compareRates(a, b, { lowerIsBetter });
    return [
      create(GainSchema, {
        metric,
        ratio,
        verdict,
        ...(low === null ? {} : { ciLow: Math.exp(low) }),
        ...(high === null ? {} : { ciHigh: Math.exp(high) }),
      }),
    ];
  });
}
