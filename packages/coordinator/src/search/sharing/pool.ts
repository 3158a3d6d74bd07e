// Which machines of a class may speak for it: one that is surely more than 10 % off the others is odd, and nothing of it
// is averaged in. Pure; the order of the observations plays no part.
import type { Configuration } from "@ozone/proto/configuration";
import { configurationKey } from "@ozone/shared/configuration";
import type { MedianInterval } from "@ozone/shared/statistics/interval";
import { median } from "@ozone/shared/statistics/median";
import { anchorKeys } from "./anchors.ts";
import {
  anchorTable,
  OFFSET_METRICS,
  type OffsetMetric,
  type Offsets,
  offsetsOf,
  RATIOS_MIN,
  ratioTo,
} from "./offsets.ts";
import type { MachineObservation } from "./shared-search.ts";

/** A machine whose interval lies wholly outside 1 +- this is odd. */
export const ODD_FROM = 0.1;

const HEARD_MIN = 3;

/** A machine that is left out, and why. */
export interface OddMachine {
  readonly machine: string;
  readonly words: string;
}

/** The machines that share a search, and those that don't. */
export interface Pool {
  readonly machines: readonly string[];
  readonly offsets: ReadonlyMap<string, Offsets>;
  readonly odd: readonly OddMachine[];
}

interface Distance {
  readonly machine: string;
  readonly metric: OffsetMetric;
  readonly ratio: MedianInterval;
}

const METRIC_WORDS: Readonly<Record<OffsetMetric, string>> = { decode: "decode rate", ttft: "TTFT" };

const isSlower = ({ metric, ratio }: Distance): boolean =>
  metric === "decode" ? ratio.median < 1 : ratio.median > 1;

const surelyApart = ({ ciLow, ciHigh }: MedianInterval): boolean =>
  ciLow !== null && ciHigh !== null && (ciHigh < 1 - ODD_FROM || ciLow > 1 + ODD_FROM);

/** Each machine against the median of the others at each anchor; only what is surely apart. */
function distances(
  observations: readonly MachineObservation[],
  anchors: readonly Configuration[],
  machines: readonly string[],
): Distance[] {
  return OFFSET_METRICS.flatMap((metric) => {
    const table = anchorTable(observations, anchors, { machines, metric });
    return machines.flatMap((machine): Distance[] => {
      const ratio = ratioTo(table, machine, (row) =>
        median([...row].flatMap(([other, logs]) => (other === machine ? [] : [median(logs)]))),
      );
      return ratio && surelyApart(ratio) ? [{ machine, metric, ratio }] : [];
    });
  });
}

function wordsFor(distance: Distance, alone: boolean): string {
  const { machine, metric, ratio } = distance;
  const percent = Math.abs(100 * (ratio.median - 1)).toFixed(0);
  const interval = `95 % interval ${ratio.ciLow?.toFixed(2)} to ${ratio.ciHigh?.toFixed(2)}, n ${ratio.n}`;
  const off = `${machine} is odd: its ${METRIC_WORDS[metric]} is ${percent} % ${ratio.median < 1 ? "below" : "above"} that of ${alone ? "the other machine" : "the others"} of its class (${ratio.median.toFixed(2)} times, ${interval}).`;
  const why = alone ? " Two can't tell which of them is the odd one; the slower one is left out." : "";
  return `${off}${why} Its results are not used for the class; find what slows it down, or give it a sweep of its own.`;
}

/** The farthest goes first: while it is among the others, it makes them look odd as well. */
function farthest(found: readonly Distance[], alone: boolean): Distance | null {
  const size = ({ ratio }: Distance): number => Math.abs(Math.log(ratio.median));
  const candidates = alone ? found.filter(isSlower) : found;
  return candidates.reduce<Distance | null>(
    (far, next) => (far && size(far) >= size(next) ? far : next),
    null,
  );
}

/** Machines that tried several anchors and gave no sample of any, where others did. */
function silent(
  observations: readonly MachineObservation[],
  anchors: readonly Configuration[],
  machines: readonly string[],
): OddMachine[] {
  const keys = anchorKeys(anchors);
  const tried = observations.filter(
    ({ configuration, state }) => keys.has(configurationKey(configuration)) && state !== "cancelled",
  );
  const gave = new Set(tried.flatMap(({ machine, samples }) => (samples.length > 0 ? [machine] : [])));
  if (gave.size === 0) return [];
  return machines.flatMap((machine) => {
    const mine = tried.filter((one) => one.machine === machine);
    if (gave.has(machine) || mine.length < Math.min(keys.size, 2)) return [];
    const words = `${machine} is odd: none of its ${mine.length} anchor trials gave a usable sample, those of others of its class did. It takes no part; see what its trials failed of with \`ozone sweep show\`.`;
    return [{ machine, words }];
  });
}

/** Machines whose anchors are in: all, or three at least; fewer of many can't tell who is odd. */
function heardOf(
  observations: readonly MachineObservation[],
  anchors: readonly Configuration[],
  machines: readonly string[],
): readonly string[] {
  const keys = anchorKeys(anchors);
  const heard = machines.filter((machine) => {
    const mine = observations.filter((one) => one.machine === machine && one.samples.length > 0);
    const measured = mine.map(({ configuration }) => configurationKey(configuration));
    return new Set(measured.filter((key) => keys.has(key))).size >= RATIOS_MIN;
  });
  return heard.length === machines.length || heard.length >= HEARD_MIN ? heard : [];
}

/** The pool of a class, from everything that was observed. One machine alone has nothing to be compared with. */
export function poolOf(
  observations: readonly MachineObservation[],
  anchors: readonly Configuration[],
  all: readonly string[],
): Pool {
  if (all.length < 2) return { machines: all, offsets: new Map(), odd: [] };
  const keys = anchorKeys(anchors);
  const trials = observations.filter(({ configuration }) => keys.has(configurationKey(configuration)));
  const odd: OddMachine[] = silent(trials, anchors, all);
  let machines = all.filter((machine) => !odd.some((one) => one.machine === machine));
  let heard = heardOf(trials, anchors, machines);
  while (heard.length > 1) {
    const alone = machines.length === 2;
    const worst = farthest(distances(trials, anchors, heard), alone);
    if (!worst) break;
    heard = heard.filter((machine) => machine !== worst.machine);
    odd.push({ machine: worst.machine, words: wordsFor(worst, alone) });
    machines = machines.filter((machine) => machine !== worst.machine);
  }
  return { machines, offsets: offsetsOf(trials, anchors, heard), odd };
}
