// What a point's rates will be, as far as the points measured tell, and how unsure that is: a Gaussian process over
// logarithms, so that effects add up. It ranks, it never forbids.
import type { ObjectiveFigures } from "@ozone/shared/objective";
import {
  type GaussianProcess,
  gaussianProcess,
  type Prediction,
} from "@ozone/shared/statistics/gaussian-process";
import { doublings, type Kinship, kinshipOf, type SlopePrior } from "./kinship.ts";
import type { Space, SpacePoint } from "./space.ts";

/** What is believed of any machine at first: longer contexts decode slower, and take a little more than their length to fill. */
export const PRIORS = {
  decode: { slope: -0.2, slopeDeviation: 0.3 },
  ttft: { slope: 1.15, slopeDeviation: 0.35 },
} as const satisfies Readonly<Record<"decode" | "ttft", SlopePrior>>;

/** Noise of one sample, and what pairs of options do: deviations that are tried, around what is believed at first. */
const NOISE = { tried: [0.004, 0.008, 0.016, 0.032, 0.064, 0.128], believed: 0.02 };
const PAIRS = { tried: [0.004, 0.012, 0.024, 0.048, 0.096], believed: 0.024 };
/** How strongly it is believed: deviation of the natural logarithm. */
const BELIEF = 1.2;
/** What no number of samples averages away. */
const FLOOR = 0.003;

/** Predicted figures of a point: logarithms, with their deviations. */
export interface Predicted {
  readonly logDecode: Prediction;
  readonly logTtft: Prediction;
}

/** A measured point with the medians of its samples. */
export interface MeasuredPoint {
  readonly point: SpacePoint;
  readonly figures: ObjectiveFigures;
  readonly samples: number;
}

/** What was learned from measured points. */
export interface Surrogate {
  /** Of any point; of a measured one it is what its own samples and all others say together. */
  predict(point: SpacePoint): Predicted;
  /** Each measured point as all others lead to expect it, in the order given. */
  readonly expected: readonly Predicted[];
}

interface Assumptions {
  readonly noise: number;
  readonly pairs: number;
}

const doubt = (value: number, believed: number): number => (Math.log(value / believed) / BELIEF) ** 2 / 2;

/** Every pair of assumptions that is tried. */
const ASSUMED: readonly Assumptions[] = NOISE.tried.flatMap((noise) =>
  PAIRS.tried.map((pairs) => ({ noise, pairs })),
);

interface Material {
  readonly values: Float64Array;
  readonly single: readonly Float64Array[];
  readonly paired: readonly Float64Array[];
  readonly samples: readonly number[];
}

function fit({ values, single, paired, samples }: Material, { noise, pairs }: Assumptions): GaussianProcess {
  const covariance = single.map((line, row) => {
    const other = paired[row];
    return line.map((one, column) => one + pairs ** 2 * (other?.[column] ?? 0));
  });
  return gaussianProcess({
    values,
    covariance,
    noise: samples.map((count) => FLOOR ** 2 + noise ** 2 / Math.max(1, count)),
  });
}

/** The assumptions under which what was seen is most probable, what is believed at first counted in. */
function fitBest(material: Material): { process: GaussianProcess; pairs: number } {
  let best: { process: GaussianProcess; pairs: number; evidence: number } | null = null;
  for (const assumed of ASSUMED) {
    const process = fit(material, assumed);
    const evidence =
      process.logLikelihood - doubt(assumed.noise, NOISE.believed) - doubt(assumed.pairs, PAIRS.believed);
    if (!best || evidence > best.evidence) best = { process, pairs: assumed.pairs, evidence };
  }
  if (!best) throw new RangeError("No assumptions were tried.");
  return best;
}

interface LearnedRate {
  readonly predict: (point: SpacePoint) => Prediction;
  readonly expected: readonly Prediction[];
}

const table = (points: readonly SpacePoint[], of: Kinship["single"]): Float64Array[] =>
  points.map((a) => Float64Array.from(points, (b) => of(a, b)));

function learnRate(
  space: Space,
  measured: readonly MeasuredPoint[],
  prior: SlopePrior,
  value: (figures: ObjectiveFigures) => number,
): LearnedRate {
  const points = measured.map(({ point }) => point);
  const kinship = kinshipOf(space, prior);
  const logs = measured.map(({ figures }) => value(figures));
  const centre = logs.reduce((sum, one) => sum + one, 0) / Math.max(1, logs.length);
  const believed = (point: SpacePoint): number => centre + prior.slope * doublings(space, point);
  const means = points.map(believed);
  const { process, pairs } = fitBest({
    values: Float64Array.from(logs, (log, index) => log - (means[index] ?? 0)),
    single: table(points, kinship.single),
    paired: table(points, kinship.paired),
    samples: measured.map(({ samples }) => samples),
  });
  const covariance = (a: SpacePoint, b: SpacePoint): number =>
    kinship.single(a, b) + pairs ** 2 * kinship.paired(a, b);
  return {
    predict: (point) =>
      process.predict({
        mean: believed(point),
        variance: covariance(point, point),
        covariances: Float64Array.from(points, (other) => covariance(point, other)),
      }),
    expected: process
      .leaveOneOut()
      .map(({ mean, deviation }, index) => ({ mean: mean + (means[index] ?? 0), deviation })),
  };
}

/** Learns decode rate and time to first token from measured points. */
export function learn(
  space: Space,
  measured: readonly MeasuredPoint[],
  priors: Readonly<Record<keyof typeof PRIORS, SlopePrior>> = PRIORS,
): Surrogate {
  const decode = learnRate(space, measured, priors.decode, ({ decodeTokensPerSecond }) =>
    Math.log(decodeTokensPerSecond),
  );
  const ttft = learnRate(space, measured, priors.ttft, ({ ttftMs }) => Math.log(ttftMs));
  const known = new Map<string, Predicted>();
  return {
    predict: (point) => {
      const one = known.get(point.key) ?? {
        logDecode: decode.predict(point),
        logTtft: ttft.predict(point),
      };
      known.set(point.key, one);
      return one;
    },
    expected: decode.expected.flatMap((logDecode, index) => {
      const logTtft = ttft.expected[index];
      return logTtft ? [{ logDecode, logTtft }] : [];
    }),
  };
}

const STEP = 0.01;

/** A score of a predicted point, and how unsure it is: to first order in both logarithms. */
export function predictScore(
  { logDecode, logTtft }: Predicted,
  numCtx: number,
  score: (figures: ObjectiveFigures) => number,
): Prediction {
  const at = (decode: number, ttft: number): number =>
    score({ numCtx, decodeTokensPerSecond: Math.exp(decode), ttftMs: Math.exp(ttft) });
  const mean = at(logDecode.mean, logTtft.mean);
  const byDecode = (at(logDecode.mean + STEP, logTtft.mean) - mean) / STEP;
  const byTtft = (at(logDecode.mean, logTtft.mean + STEP) - mean) / STEP;
  return { mean, deviation: Math.hypot(byDecode * logDecode.deviation, byTtft * logTtft.deviation) };
}
