// How much faster or slower each machine of a class is than the class, by the anchor trials that all of them measured:
// one factor per metric, with its interval; and observations with that factor taken out. Pure; the order plays no part.
import { create } from "@bufbuild/protobuf";
import { type Configuration, Purpose } from "@ozone/proto/configuration";
import { type Sample, SampleSchema } from "@ozone/proto/trial";
import { configurationKey } from "@ozone/shared/configuration";
import { type MedianInterval, medianInterval } from "@ozone/shared/statistics/interval";
import { median } from "@ozone/shared/statistics/median";
import { mean } from "@ozone/shared/statistics/spread";
import { anchorKeys } from "./anchors.ts";
import type { MachineObservation } from "./shared-search.ts";

/** What is compared between machines. */
export type OffsetMetric = "decode" | "ttft";
/** Both. */
export const OFFSET_METRICS: readonly OffsetMetric[] = ["decode", "ttft"];

/** Trials below this say too little of a machine. */
export const RATIOS_MIN = 3;

/** Of each anchor that all of the machines measured: the logarithm of each of its trials, by machine. */
export type AnchorTable = readonly ReadonlyMap<string, readonly number[]>[];

const figureOf = (sample: Sample, metric: OffsetMetric): number | undefined =>
  metric === "decode" ? sample.decodeTokensPerSecond : sample.ttftMs;

function logOfTrial({ samples }: MachineObservation, metric: OffsetMetric): number[] {
  const values = samples.flatMap((sample) => figureOf(sample, metric) ?? []);
  return values.length > 0 ? [Math.log(median(values))] : [];
}

/** What the anchors gave on these machines. One that is missing on any of them is left out: it can't be compared. */
export function anchorTable(
  observations: readonly MachineObservation[],
  anchors: readonly Configuration[],
  { machines, metric }: { readonly machines: readonly string[]; readonly metric: OffsetMetric },
): AnchorTable {
  const rows: ReadonlyMap<string, readonly number[]>[] = [];
  for (const key of [...anchorKeys(anchors)].sort()) {
    const row = new Map<string, readonly number[]>();
    for (const machine of machines) {
      const mine = observations.filter(
        (one) =>
          one.machine === machine &&
          one.purpose !== Purpose.REFERENCE &&
          configurationKey(one.configuration) === key,
      );
      const logs = mine.flatMap((one) => logOfTrial(one, metric)).sort((a, b) => a - b);
      if (logs.length > 0) row.set(machine, logs);
    }
    if (row.size === machines.length && row.size > 0) rows.push(row);
  }
  return rows;
}

/** Trials of a machine against a level of each anchor, as ratios; null when there are too few. */
export function ratioTo(
  table: AnchorTable,
  machine: string,
  level: (row: ReadonlyMap<string, readonly number[]>) => number,
): MedianInterval | null {
  const ratios = table.flatMap((row) => (row.get(machine) ?? []).map((log) => Math.exp(log - level(row))));
  return ratios.length >= RATIOS_MIN ? medianInterval(ratios) : null;
}

/** A machine's factor over its class for each metric; null while unknown. */
export type Offsets = Readonly<Record<OffsetMetric, MedianInterval | null>>;

const classLevel = (row: ReadonlyMap<string, readonly number[]>): number =>
  mean([...row.values()].map((logs) => median(logs)));

/** The offsets of machines against the mean (of logarithms) of all of them. */
export function offsetsOf(
  observations: readonly MachineObservation[],
  anchors: readonly Configuration[],
  machines: readonly string[],
): ReadonlyMap<string, Offsets> {
  if (machines.length < 2) return new Map();
  const of = (metric: OffsetMetric) => anchorTable(observations, anchors, { machines, metric });
  const [decode, ttft] = [of("decode"), of("ttft")];
  return new Map(
    machines.map((machine) => [
      machine,
      { decode: ratioTo(decode, machine, classLevel), ttft: ratioTo(ttft, machine, classLevel) },
    ]),
  );
}

/** An observation as the class's average machine would have made it; what is not known of its machine stays in. */
export function corrected(observation: MachineObservation, offsets: Offsets | undefined): MachineObservation {
  const decode = offsets?.decode?.median ?? 1;
  const ttft = offsets?.ttft?.median ?? 1;
  if (decode === 1 && ttft === 1) return observation;
  const samples = observation.samples.map((sample) =>
    create(SampleSchema, {
      ...sample,
      ...(sample.decodeTokensPerSecond === undefined
        ? {}
        : { decodeTokensPerSecond: sample.decodeTokensPerSecond / decode }),
      ...(sample.ttftMs === undefined ? {} : { ttftMs: sample.ttftMs / ttft }),
      // The prompt's rate is what TTFT is made of.
      ...(sample.prefillTokensPerSecond === undefined
        ? {}
        : { prefillTokensPerSecond: sample.prefillTokensPerSecond * ttft }),
    }),
  );
  return { ...observation, samples };
}
